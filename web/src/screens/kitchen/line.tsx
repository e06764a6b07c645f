import { Check, TriangleAlert } from "lucide";
import type { JSX } from "preact";
import type { TicketCard, TicketLineCard } from "~/api/types";
import { messages } from "~/i18n";
import { count } from "~/i18n/format";
import { Icon } from "~/parts/icon";
import { finishLine, linePath, tapped, usePending } from "./moves";
import { modifierText } from "./queue";

/** One line of a ticket; a tap says that it is ready. */
export function Line({ ticket, line }: { ticket: TicketCard; line: TicketLineCard }): JSX.Element {
  const { kitchen } = messages();
  const busy = usePending(linePath(ticket, line.line));
  const done = line.ready_at !== null;
  const over = done || ticket.status === "CANCELLED";
  return (
    <button
      type="button"
      class={done ? "kitchen-line is-done" : "kitchen-line"}
      aria-pressed={done}
      aria-disabled={over}
      aria-busy={busy}
      onClick={tapped(() => finishLine(ticket, line.line))}
      data-testid="ticket-line"
      data-line={line.line}
    >
      <span class="kitchen-count">{count(line.count)}</span>
      <span class="kitchen-name">{line.name}</span>
      <span class="kitchen-tick" aria-hidden="true">
        {busy ? <span class="spinner" /> : done && <Icon of={Check} />}
      </span>
      <span class="kitchen-texts">
        {line.portion_size !== 1 && <span class="kitchen-portion">{kitchen.portion(count(line.portion_size))}</span>}
        {line.modifiers.map((modifier, index) => (
          <span class="kitchen-modifier" key={index}>
            {modifierText(modifier)}
            {modifier.portion_size !== 1 && ` (${kitchen.portion(count(modifier.portion_size))})`}
          </span>
        ))}
        {line.note !== null && line.note !== "" && (
          <span class="kitchen-note">
            <Icon of={TriangleAlert} />
            <span>{line.note}</span>
          </span>
        )}
      </span>
    </button>
  );
}
