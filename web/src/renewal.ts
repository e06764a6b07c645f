/**
 * Screens that nobody ever reloads take the pages of an upgraded server by themselves, when it disturbs nobody.
 *
 * Only the board and the kitchen: all they show is the server's, and nothing is being typed. A page that is loaded anew is
 * mute until it is touched, and leaves full screen: where that matters the shell's banner waits for a hand.
 */

import { effect } from "@preact/signals";
import { unanswered } from "~/bell";
import { soundOn } from "~/preferences";
import { pressed } from "~/press";
import { soundAllowed } from "~/sound";
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
  if (document.fullscreenElement !== null || (soundOn.peek() && soundAllowed.peek()) || unanswered.peek().length > 0) return false;
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
