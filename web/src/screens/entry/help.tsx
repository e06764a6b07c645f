import type { JSX } from "preact";
import { messages } from "~/i18n";
import { Dialog } from "~/parts/dialog";

/** Every key of this screen. */
export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const { entry } = messages();
  const { keys } = entry;
  const rows: [string, string][] = [
    ["Enter", keys.enter],
    ["/", keys.search],
    ["↑ ↓ ← →", keys.arrows],
    ["0–9", keys.digits],
    ["1–9", keys.choices],
    ["+ −", keys.more],
    ["Alt 1–5", keys.repeat],
    ["Ctrl Enter", keys.send],
    ["Esc", keys.escape],
    ["?", keys.help],
  ];
  return (
    <Dialog title={entry.keyboard} onClose={onClose} testId="help">
      <dl class="entry-keys">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd class="entry-key">{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
