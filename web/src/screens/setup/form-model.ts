/** What a form asks of a resource, told by small descriptions, and how what was typed becomes what is sent. */

import type { JSX } from "preact";
import { messages } from "~/i18n";

export interface Option {
  value: number | string | null;
  text: string;
}

interface Described {
  name: string;
  label: string;
  hint?: string;
  /** Stands alone in its row. */
  wide?: boolean;
}

export interface CustomProps {
  value: unknown;
  onChange: (value: unknown) => void;
  /** What the server says of it, by path: `modifiers[0].name`. */
  errors: ReadonlyMap<string, string>;
}

export type FieldDescription = Described &
  (
    | { kind: "text"; required?: boolean; mono?: boolean }
    | { kind: "long" }
    | { kind: "number"; whole?: boolean; optional?: boolean }
    | { kind: "toggle" }
    | { kind: "choice"; options: readonly Option[] }
    | { kind: "several"; options: readonly Option[]; none: string }
    | { kind: "pictures" }
    | { kind: "custom"; render: (props: CustomProps) => JSX.Element }
  );

/** A heading and what is asked below it. */
export interface FieldGroup {
  title?: string;
  hint?: string;
  fields: readonly FieldDescription[];
}

/** What stands in a form: numbers as they are typed, the rest as it is sent. */
export type Draft = Readonly<Record<string, unknown>>;

export interface Read {
  body: Record<string, unknown>;
  errors: ReadonlyMap<string, string>;
}

/** A form's content for a resource, or for one that is to be added. */
export function draftOf(groups: readonly FieldGroup[], source: Record<string, unknown>): Draft {
  return Object.fromEntries(fieldsOf(groups).map((field) => [field.name, typed(field, source[field.name])]));
}

/** What a form's content says, and what is wrong with it before anybody is asked. */
export function readDraft(groups: readonly FieldGroup[], draft: Draft): Read {
  const body: Record<string, unknown> = {};
  const errors = new Map<string, string>();
  for (const field of fieldsOf(groups)) {
    const problem = readField(field, draft[field.name], body);
    if (problem !== null) errors.set(field.name, problem);
  }
  return { body, errors };
}

/** The keys of `body` that are different from what `before` has. */
export function changesOf(body: Record<string, unknown>, before: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name] ?? null)),
  );
}

/** A number as people type it, with a comma or a point; null for what is none. */
export function parseNumber(text: string, whole = false): number | null {
  const plain = text.trim().replace(",", ".");
  if (!(whole ? /^\d+$/ : /^-?\d+(\.\d+)?$/).test(plain)) return null;
  return Number(plain);
}

function fieldsOf(groups: readonly FieldGroup[]): readonly FieldDescription[] {
  return groups.flatMap((group) => group.fields);
}

function typed(field: FieldDescription, value: unknown): unknown {
  if (field.kind === "text" || field.kind === "long") return typeof value === "string" ? value : "";
  if (field.kind === "number") return typeof value === "number" ? String(value) : "";
  if (field.kind === "toggle") return value === true;
  if (field.kind === "several" || field.kind === "pictures") return Array.isArray(value) ? value : [];
  return value ?? null;
}

function readField(field: FieldDescription, value: unknown, body: Record<string, unknown>): string | null {
  const { setup } = messages();
  if (field.kind === "text" || field.kind === "long") {
    const text = String(value).trim();
    body[field.name] = text === "" ? null : text;
    return field.kind === "text" && field.required && text === "" ? setup.form.required : null;
  }
  if (field.kind !== "number") {
    body[field.name] = value;
    return null;
  }
  const text = String(value).trim();
  if (text === "" && field.optional) {
    body[field.name] = null;
    return null;
  }
  const number = parseNumber(text, field.whole);
  body[field.name] = number;
  return number === null ? (field.whole ? setup.form.notWhole : setup.form.notNumber) : null;
}
