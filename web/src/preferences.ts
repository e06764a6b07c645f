/** What this device remembers of how people want it: language, light or dark, sound, venue. */

import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

/** Light, dark, or as the device says. */
export const theme = signal<Theme>(oneOf(read("theme"), ["system", "light", "dark"], "system"));
/** Whether new orders ring. */
export const soundOn = signal(read("sound") !== "off");

/** Whether single letters do something on the board and in the kitchen (WCAG 2.1.4: people who speak to their screen switch it off). */
export const keysOn = signal(read("keys") !== "off");

effect(() => {
  keep("theme", theme.value);
  document.documentElement.dataset.theme = theme.value;
});
effect(() => keep("sound", soundOn.value ? "on" : "off"));
effect(() => keep("keys", keysOn.value ? "on" : "off"));

/** The venue chosen here last. */
export function keptVenue(): number | null {
  const kept = Number(read("venue"));
  return kept > 0 ? kept : null;
}

/** Remember the venue. */
export function keepVenue(id: number): void {
  keep("venue", String(id));
}

/** Something this device remembers by name; null for nothing. */
export function read(name: string): string | null {
  try {
    return localStorage.getItem(`comanda.${name}`);
  } catch {
    return null;
  }
}

/** Remember something on this device; a browser that keeps nothing forgets it. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`comanda.${name}`, value);
  } catch {
    // Private windows of some browsers keep nothing.
  }
}

function oneOf<T extends string>(value: string | null, known: readonly T[], otherwise: T): T {
  return known.find((one) => one === value) ?? otherwise;
}
