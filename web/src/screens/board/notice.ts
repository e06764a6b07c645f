/** The word to the server that somebody can see the orders that wait. */

import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { unanswered } from "~/bell";
import { messages } from "~/i18n";
import { me } from "~/session";
import { isReached } from "~/sync/actions";
import { useTitle } from "~/title";
import { noteSeen } from "./moves";

/** Name the window and report for as long as the board is shown. */
export function useNotice(): void {
  useTitle(messages().board.title);
  useEffect(reportSeen, []);
}

/** Only what a till shows counts as seen: a manager who looks in from home is nobody at the counter. */
function reportSeen(): () => void {
  const told = new Set<number>();
  const report = (): void => {
    if (me.value?.device?.kind !== "terminal" || document.visibilityState !== "visible") return;
    if (!isReached()) return;
    const here = new Set(unanswered.value.map((order) => order.id));
    for (const id of told) if (!here.has(id)) told.delete(id);
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
