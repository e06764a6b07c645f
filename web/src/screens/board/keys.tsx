import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { messages } from "~/i18n";
import { Dialog } from "~/parts/dialog";
import { keysOn } from "~/preferences";

export type Pressed = "accept" | "refuse" | "send" | "pay" | "handOver" | "search" | "close" | "help" | "open";
export type Way = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

const KEYS: Readonly<Record<string, Pressed>> = {
  a: "accept",
  r: "refuse",
  s: "send",
  p: "pay",
  h: "handOver",
  "/": "search",
  "?": "help",
  Escape: "close",
  Enter: "open",
};
const WAYS: readonly string[] = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];

/** Hear of the board's keys while nobody writes and no question is open. */
export function useKeys(onPress: (pressed: Pressed) => boolean, onWay: (way: Way) => void): void {
  const latest = useRef({ onPress, onWay });
  latest.current = { onPress, onWay };
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]")) return;
      const at = event.target instanceof Element ? event.target : document.body;
      const writing = at.matches("input, textarea, select");
      if (writing && event.key !== "Escape") return;
      // A button in focus keeps its own Enter, and a region that scrolls its arrows.
      if (event.key === "Enter" && at.matches("button, a, summary")) return;
      if (WAYS.includes(event.key)) {
        if (at.closest(".board-panel, .bar")) return;
        event.preventDefault();
        latest.current.onWay(event.key as Way);
        return;
      }
      if (event.key.length === 1 && !keysOn.value) return;
      const pressed = KEYS[event.key.length === 1 ? latin(event) : event.key];
      if (pressed && latest.current.onPress(pressed)) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** The key by its place where a layout has other letters on it, as Cyrillic ones do. */
function latin(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  if (key in KEYS) return key;
  return /^Key[A-Z]$/.test(event.code) && /[^\p{ASCII}]/u.test(key) ? event.code.slice(3).toLowerCase() : key;
}

/** Which keys there are. */
export function KeysHelp({ onClose }: { onClose: () => void }): JSX.Element {
  const { keys, keysTitle } = messages().board;
  const rows: [string, string][] = [
    ["← ↑ ↓ →", keys.move],
    ["Enter", keys.open],
    ["A", keys.accept],
    ["R", keys.refuse],
    ["S", keys.send],
    ["P", keys.pay],
    ["H", keys.handOver],
    ["/", keys.search],
    ["Esc", keys.close],
    ["?", keys.help],
  ];
  return (
    <Dialog title={keysTitle} onClose={onClose} testId="keys">
      <dl class="board-keys">
        {rows.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
