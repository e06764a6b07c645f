/** New orders ring until they are answered, on every screen of a till. */

import { computed, effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ring } from "~/sound";
import { alarmOf } from "~/screens/board/stages";
import { board, boardLoaded, onBoardEvent, summaries } from "~/sync/board";

const AGAIN_MS = 10_000;

/** Orders that nobody has answered. */
export const unanswered = computed(() => [...board.value.orders.values()].filter((order) => order.status === "PENDING"));

const listening = signal(false);
/** How many orders wait for somebody who hears of them here. */
export const calling = computed(() => (listening.value ? unanswered.value.length : 0));

/** Orders whose deadline has come close, as events told. */
const pressing = new Set<number>();

/** Ring for as long as this is drawn and `on`. */
export function useRinging(on: boolean): void {
  useEffect(() => {
    if (!on) return;
    listening.value = true;
    const stops = [ringForNew(), ringForAlarms(), ringAgain()];
    return () => {
      listening.value = false;
      for (const stop of stops) stop();
    };
  }, [on]);
}

/** Orders that have rung: another page of the till does not ring for them anew. */
const known = new Set<number>();

function ringForNew(): () => void {
  return effect(() => {
    // While a till is locked or unlocked there is no board for a moment; what has rung stays known.
    if (!boardLoaded.value) return;
    const fresh = unanswered.value.filter((order) => !known.has(order.id));
    known.clear();
    for (const order of unanswered.value) known.add(order.id);
    for (const id of pressing) if (!known.has(id)) pressing.delete(id);
    if (fresh.length > 0) ring();
  });
}

function ringForAlarms(): () => void {
  return onBoardEvent((event) => {
    if (event.type !== "order.reminded" && event.type !== "order.escalated") return;
    if (event.order_id !== null) pressing.add(event.order_id);
    ring(true);
  });
}

function ringAgain(): () => void {
  const timer = setInterval(() => {
    const isPressing = (order: { id: number }): boolean => pressing.has(order.id) || alarmOf(summaries.value.get(order.id)) !== null;
    if (unanswered.value.length > 0) ring(unanswered.value.some(isPressing));
  }, AGAIN_MS);
  return () => clearInterval(timer);
}
