/**
 * The kitchen by keyboard, or by a bump bar, which is one.
 *
 * 1–9 bump the ticket of that number, with Shift they select it; then arrows go through its lines and Space marks one. R
 * or Backspace take back the last ready one, A shows the counts, PageUp and PageDown turn pages, Escape selects nothing.
 */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { TicketCard } from "~/api/types";
import { keysOn } from "~/preferences";
import { bump, move } from "./moves";

export interface Keyed {
  /** The tickets in sight, in the order they are numbered. */
  onPage: readonly TicketCard[];
  lastReady: TicketCard | undefined;
  toggleAllDay: () => void;
  turn: (by: number) => void;
}

/** Numbers stand on the cards once somebody has used a keyboard here. */
const used = signal(false);

/** Listen to the keyboard while the screen is shown; says whether cards are to bear their numbers. */
export function useKeys(keyed: Keyed): boolean {
  const current = useRef(keyed);
  current.current = keyed;
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || isElsewhere(event.target)) return;
      if (!keysOn.value && /^(?:Digit|Numpad|Key)/.test(event.code)) return;
      if (!take(event, current.current)) return;
      used.value = true;
      event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  return used.value;
}

function take(event: KeyboardEvent, { onPage, lastReady, toggleAllDay, turn }: Keyed): boolean {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (digit !== undefined) {
    const ticket = onPage[Number(digit) - 1];
    if (ticket === undefined || event.repeat) return true;
    if (event.shiftKey) select(ticket);
    else bump(ticket);
    return true;
  }
  switch (event.code) {
    case "KeyR":
    case "Backspace":
      if (lastReady !== undefined && !event.repeat) move(lastReady, "recall");
      return true;
    case "KeyA":
      if (!event.repeat) toggleAllDay();
      return true;
    case "PageDown":
      turn(1);
      return true;
    case "PageUp":
      turn(-1);
      return true;
    case "ArrowDown":
      return walk(1);
    case "ArrowUp":
      return walk(-1);
    case "ArrowRight":
      return neighbour(onPage, 1);
    case "ArrowLeft":
      return neighbour(onPage, -1);
    case "Escape":
      return leave();
    default:
      return false;
  }
}

/** The selected ticket is the one that has the focus: Space and Enter then do what they always do. */
function select(ticket: TicketCard): void {
  const card = cardOf(ticket.id);
  const first = card?.querySelector<HTMLElement>('.kitchen-line[aria-pressed="false"]');
  (first ?? card?.querySelector<HTMLElement>("button"))?.focus();
}

function walk(by: number): boolean {
  const card = selected();
  if (card === null) return false;
  const stops = [...card.querySelectorAll<HTMLElement>("button")];
  const place = stops.findIndex((stop) => stop === document.activeElement);
  stops[Math.max(0, Math.min(stops.length - 1, place + by))]?.focus();
  return true;
}

function neighbour(onPage: readonly TicketCard[], by: number): boolean {
  const card = selected();
  if (card === null) return false;
  const next = onPage[onPage.findIndex((ticket) => ticket.id === card.dataset.ticket) + by];
  if (next !== undefined) select(next);
  return true;
}

function leave(): boolean {
  if (selected() === null) return false;
  (document.activeElement as HTMLElement).blur();
  return true;
}

function selected(): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>(".kitchen-ticket") ?? null;
}

function cardOf(ticketId: string): HTMLElement | null {
  return document.querySelector(`[data-ticket="${CSS.escape(ticketId)}"]`);
}

/** Whether somebody types into a field, or answers a question, whatever has the focus just now. */
function isElsewhere(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return target instanceof Element && target.closest("input, select, textarea") !== null;
}
