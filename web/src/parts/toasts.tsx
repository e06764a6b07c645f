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
const toasts = signal<readonly Toast[]>([]);
let last = 0;

/** Say something in passing. */
export function toast(text: string, bad = false): void {
  const id = (last += 1);
  toasts.value = [...toasts.value.slice(-3), { id, text, bad }];
  // What went wrong stays until it is read.
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
  if (error instanceof Refused) {
    const first = error.details[0];
    return `${common.refused}: ${first ? first.message : error.message}`;
  }
  throw error;
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Where what is said in passing appears. */
export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={one.bad ? "toast is-bad" : "toast"}>
          <span>{one.text}</span>
          <Button look="plain" icon={X} label={messages().common.close} onClick={() => drop(one.id)} />
        </div>
      ))}
    </div>
  );
}
