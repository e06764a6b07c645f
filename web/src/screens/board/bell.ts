/** New orders are unmissable: the bell, the count in the title, and the word to the server that somebody can see them. */

import { computed, effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { messages } from "~/i18n";
import { me } from "~/session";
import { ring } from "~/sound";
import { board, onBoardEvent, summaries } from "~/sync/board";
import { line } from "~/sync/line";
import { alarmFor } from "./layout";
import { noteSeen } from "./moves";

const AGAIN_MS = 10_000;

const unanswered = computed(() => [...board.value.orders.values()].filter((order) => order.status === "PENDING"));
const count = computed(() => unanswered.value.length);

/** Ring, count and report for as long as the board is shown. */
export function useBell(): void {
  useEffect(() => {
    const title = document.title;
    const stops = [ringForNew(), ringForAlarms(), ringAgain(), countInTitle(), reportSeen()];
    return () => {
      for (const stop of stops) stop();
      document.title = title;
    };
  }, []);
}

function ringForNew(): () => void {
  const known = new Set<number>();
  return effect(() => {
    const fresh = unanswered.value.filter((order) => !known.has(order.id));
    known.clear();
    for (const order of unanswered.value) known.add(order.id);
    if (fresh.length > 0) ring();
  });
}

function ringForAlarms(): () => void {
  return onBoardEvent((event) => {
    if (event.type === "order.reminded" || event.type === "order.escalated") ring(true);
  });
}

function ringAgain(): () => void {
  const timer = setInterval(() => {
    if (count.value === 0) return;
    ring(unanswered.value.some((order) => alarmFor(order, summaries.value.get(order.id)) !== null));
  }, AGAIN_MS);
  return () => clearInterval(timer);
}

function countInTitle(): () => void {
  return effect(() => {
    const { board: text } = messages();
    document.title = `${count.value > 0 ? `(${count.value}) ` : ""}${text.title} · Comanda`;
  });
}

/** Only what a till shows counts as seen: a manager who looks in from home is nobody at the counter. */
function reportSeen(): () => void {
  const told = new Set<number>();
  const report = (): void => {
    if (me.value?.device?.kind !== "terminal" || document.visibilityState !== "visible") return;
    if (line.value.state !== "live") return;
    for (const order of unanswered.value) {
      if (order.seen_at !== null || told.has(order.id)) continue;
      told.add(order.id);
      void noteSeen(order.id).then((heard) => !heard && told.delete(order.id));
    }
  };
  document.addEventListener("visibilitychange", report);
  const stop = effect(report);
  return () => {
    document.removeEventListener("visibilitychange", report);
    stop();
  };
}
