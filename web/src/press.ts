/** Whether a finger or a mouse button is down: what stands under it must not move before the click has arrived. */

import { signal } from "@preact/signals";

/** The click follows the release at once; a slow tablet needs a moment for it. */
const RELEASE_MS = 250;

const down = signal(false);
let timer: ReturnType<typeof setTimeout> | undefined;

/** True from the press until a moment after the release. */
export const pressed = down;

addEventListener(
  "pointerdown",
  () => {
    clearTimeout(timer);
    down.value = true;
  },
  { capture: true },
);
for (const end of ["pointerup", "pointercancel", "blur"]) {
  addEventListener(
    end,
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => (down.value = false), RELEASE_MS);
    },
    { capture: true },
  );
}
