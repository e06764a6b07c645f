import { ChevronLeft, ChevronRight, Undo2 } from "lucide";
import type { JSX } from "preact";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { timeOfDay } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { useSettled } from "~/press";
import { move, pathOf, usePending } from "./moves";
import type { Pages } from "./pack";

/** No screen shows more than these; what was finished before them is found on the board. */
const MAX_READY = 20;

interface Props {
  ready: readonly TicketCard[];
  pages: Pages;
  page: number;
  onTurn: (by: number) => void;
}

/** Below the tickets: what was finished last, to be taken back, and the way to further pages. */
export function Foot({ ready, pages, page, onTurn }: Props): JSX.Element {
  const { kitchen } = messages();
  const recent = ready.slice(0, MAX_READY);
  const isSettled = useSettled(recent.map((ticket) => ticket.id));
  const recall = (ticket: TicketCard): void => {
    if (isSettled()) move(ticket, "recall");
  };
  const beyond = pages.slice(page + 1).flat(2).length;
  return (
    <div class="kitchen-bottom">
      <h2 class="kitchen-bottom-title">{kitchen.recentlyReady}</h2>
      <ul class="kitchen-ready" data-testid="ready-strip">
        {recent.map((ticket) => (
          <Ready key={ticket.id} ticket={ticket} onRecall={() => recall(ticket)} />
        ))}
      </ul>
      {pages.length > 1 && (
        <span class="kitchen-pages" data-testid="pages">
          <Button icon={ChevronLeft} label={kitchen.previousPage} disabled={page === 0} onClick={() => onTurn(-1)} testId="previous-page" />
          <span class="kitchen-page-number">{kitchen.page(page + 1, pages.length)}</span>
          <Button look={beyond > 0 ? "primary" : "plain"} disabled={beyond === 0} onClick={() => onTurn(1)} testId="next-page" title={kitchen.nextPage}>
            {beyond > 0 && <span>{kitchen.further(beyond)}</span>}
            <span class="visually-hidden">{kitchen.nextPage}</span>
            <Icon of={ChevronRight} />
          </Button>
        </span>
      )}
    </div>
  );
}

function Ready({ ticket, onRecall }: { ticket: TicketCard; onRecall: () => void }): JSX.Element {
  const { kitchen } = messages();
  const busy = usePending(pathOf(ticket, "recall"));
  return (
    <li>
      <Button icon={Undo2} busy={busy} onClick={onRecall} title={kitchen.recall} testId="recall">
        <b>{ticket.order_number}</b>
        {ticket.ready_at !== null && <time>{timeOfDay(ticket.ready_at)}</time>}
        <span class="visually-hidden">{kitchen.recall}</span>
      </Button>
    </li>
  );
}
