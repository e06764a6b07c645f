/**
 * Screens that nobody ever reloads take the pages of an upgraded server by themselves, when it disturbs nobody.
 *
 * Only the board and the kitchen: all they show is the server's, and nothing is being typed.
 */

import { effect } from "@preact/signals";
import { pressed } from "~/press";
import { isReached, waiting } from "~/sync/actions";
import { outdated } from "~/sync/line";

/** Whoever has touched nothing for so long is in the middle of nothing. */
const QUIET_MS = 15_000;
const LOOK_MS = 2_000;

let touchedAt = performance.now();
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => (touchedAt = performance.now()), { capture: true, passive: true });
}

function isQuiet(): boolean {
  if (performance.now() - touchedAt < QUIET_MS || pressed.peek() || waiting.peek().length > 0) return false;
  return isReached() && /^\/(board|kitchen)/.test(location.pathname) && document.querySelector("dialog[open]") === null;
}

effect(() => {
  if (!outdated.value) return;
  const timer = setInterval(() => {
    if (!isQuiet()) return;
    clearInterval(timer);
    location.reload();
  }, LOOK_MS);
  return () => clearInterval(timer);
});
