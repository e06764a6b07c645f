import { X } from "lucide";
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Refused, Unreachable } from "~/api/client";
import { messages } from "~/i18n";
import { Button } from "./button";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_MS = 6_000;
/** How many that go by themselves are shown at once. */
const PASSING = 3;
/** More of the others would cover the screen. */
const UNREAD = 8;
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Say something in passing. */
export function toast(text: string, bad = false): void {
  const id = (last += 1);
  const others = toasts.value.filter((one) => one.text !== text);
  const kept = [...others.filter((one) => one.bad).slice(1 - UNREAD), ...others.filter((one) => !one.bad).slice(1 - PASSING)];
  // What went wrong stays until it is read.
  toasts.value = [...others.filter((one) => kept.includes(one)), { id, text, bad }];
  if (!bad) setTimeout(() => drop(id), SHOWN_MS);
}

/** Say why something was not done. */
export function toastError(error: unknown): void {
  toast(explain(error), true);
}

/** What went wrong, in words for people. */
export function explain(error: unknown): string {
  const { common } = messages();
  if (error instanceof Unreachable) return common.unreachable;
  if (error instanceof Refused) return `${common.refused}: ${worded(error.details[0] ?? told(error))}`;
  throw error;
}

/** The same for what was only looked at: without an answer nothing is in doubt. */
export function explainReading(error: unknown): string {
  return error instanceof Unreachable ? messages().common.noAnswer : explain(error);
}

/** What is wrong in the language in use, where it has words for the code; else in the server's. */
export function worded(problem: { code: string; message: string }): string {
  const known: Readonly<Record<string, string>> = messages().common.errors;
  return known[problem.code] ?? problem.message;
}

/** What the server says is wrong with single fields, by their names. */
export function wordedFields(error: unknown): ReadonlyMap<string, string> {
  return new Map(error instanceof Refused ? error.details.map((detail) => [detail.field, worded(detail)]) : []);
}

/** Where somebody is to sign in again, the code is one of several sentences (docs/errors.md). */
function told({ status, code, message }: Refused): { code: string; message: string } {
  return { code: status === 401 ? "unauthorized" : code, message };
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** What is said in passing; `Toasts` of parts/dialog says where. */
export function ToastList(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.toReversed().map((one) => (
        <div key={one.id} class={one.bad ? "toast is-bad" : "toast"}>
          <span>{one.text}</span>
          <Button look="plain" icon={X} label={messages().common.close} onClick={() => drop(one.id)} />
        </div>
      ))}
    </div>
  );
}
