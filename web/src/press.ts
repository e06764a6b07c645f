/** Whether a finger or a mouse button is down: what stands under it must not move before the click has arrived. */

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

/** The click follows the release at once; a slow tablet needs a moment for it. */
const RELEASE_MS = 250;
/** Nobody presses longer; a release that was never told must not hold the page for ever. */
const LONGEST_MS = 5_000;

const down = signal(false);
let timer: ReturnType<typeof setTimeout> | undefined;

/** True from the press until a moment after the release. */
export const pressed = down;

function releaseIn(milliseconds: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => (down.value = false), milliseconds);
}

addEventListener(
  "pointerdown",
  (event) => {
    // Another button opens a menu, and its release may go there.
    if (event.button !== 0) return;
    down.value = true;
    releaseIn(LONGEST_MS);
  },
  { capture: true },
);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => releaseIn(RELEASE_MS), { capture: true });
addEventListener("blur", () => releaseIn(RELEASE_MS));

/** A hand that hits twice, or was on its way when something slid under it, is at rest after this. */
const SETTLING_MS = 400;

let shiftedAt = -Infinity;

/** What comes or goes above everything has moved it all: no hit of this moment was meant for what lies there now. */
export function useShift(above: string): void {
  const known = useRef(above);
  useLayoutEffect(() => {
    if (known.current !== above) shiftedAt = performance.now();
    known.current = above;
  }, [above]);
}

/** Whether the whole page has only just moved. */
export function hasShifted(): boolean {
  return performance.now() - shiftedAt < SETTLING_MS;
}

/** Says whether a hit was meant: what stands in a list that has just changed is not what the hand went for. */
export function useSettled(ids: readonly (number | string)[]): () => boolean {
  const order = ids.join();
  const known = useRef({ order, since: -Infinity });
  if (known.current.order !== order) known.current = { order, since: performance.now() };
  return () => performance.now() - known.current.since >= SETTLING_MS;
}
