/** A paired device says that it is there, whoever works at it, so that the house knows whether anybody sees its orders. */

import { effect } from "@preact/signals";
import { ask } from "~/api/client";
import { me } from "~/session";

const EVERY_MS = 15_000;
let timer: ReturnType<typeof setInterval> | undefined;

function beat(): void {
  // One that does not arrive is no matter: the next one is soon, and the screen's line tells by itself.
  void ask("POST", "/hub/v1/heartbeat").catch(() => null);
}

effect(() => {
  clearInterval(timer);
  if (!me.value?.device) return;
  beat();
  timer = setInterval(beat, EVERY_MS);
});
