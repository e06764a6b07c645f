/** The bell for new orders. Browsers allow sound only after the first touch, so the page says when it is still mute. */

import { signal } from "@preact/signals";
import { soundOn } from "~/preferences";

/** Whether this page may make sounds yet. */
export const soundAllowed = signal(false);

let context: AudioContext | null = null;

function unlock(): void {
  context ??= listened(new AudioContext());
  void context.resume().catch(() => null);
}

/** A device that is locked, or takes a call, silences the page again, and the page must say so. */
function listened(made: AudioContext): AudioContext {
  made.onstatechange = () => (soundAllowed.value = made.state === "running");
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && made.state !== "running") void made.resume().catch(() => null);
  });
  return made;
}

for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, unlock, { capture: true });

/** Two rising strokes: somebody ordered. `urgent` is for what nobody has answered. */
export function ring(urgent = false): void {
  if (!soundOn.value || context?.state !== "running") return;
  const strokes = urgent ? [988, 1319, 988, 1319] : [784, 1047];
  strokes.forEach((frequency, index) => stroke(frequency, index * 0.18));
}

/** A low note: something was cancelled or went wrong. */
export function warn(): void {
  if (!soundOn.value || context?.state !== "running") return;
  stroke(330, 0);
  stroke(262, 0.22);
}

function stroke(frequency: number, after: number): void {
  if (context === null) return;
  const begin = context.currentTime + after;
  const tone = new OscillatorNode(context, { type: "triangle", frequency });
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, begin);
  loudness.gain.linearRampToValueAtTime(0.5, begin + 0.01);
  loudness.gain.exponentialRampToValueAtTime(0.001, begin + 0.5);
  tone.connect(loudness).connect(context.destination);
  tone.start(begin);
  tone.stop(begin + 0.55);
}
