import type { IconNode } from "lucide";
import { createElement, type JSX } from "preact";

/** A drawn sign. Without a `label` it only decorates, and screen readers pass it over. */
export function Icon({ of, label }: { of: IconNode; label?: string }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      {...(label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label })}
    >
      {of.map(([tag, attributes], index) => createElement(tag, { ...attributes, key: index } as object))}
    </svg>
  );
}
