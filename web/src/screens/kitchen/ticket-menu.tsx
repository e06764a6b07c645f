import { Check, Printer } from "lucide";
import type { JSX } from "preact";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { timeOfDay } from "~/i18n/format";
import { stationsById } from "~/menu";
import { Button } from "~/parts/button";
import { channelName } from "~/parts/channel";
import { Dialog } from "~/parts/dialog";
import { summaries } from "~/sync/board";
import { move } from "./moves";

/** What is rarely done with a ticket, and when everything happened to it. */
export function TicketMenu(props: { ticket: TicketCard; comment: string | null; onClose: () => void }): JSX.Element {
  const { ticket, comment, onClose } = props;
  const { kitchen } = messages();
  const times = [
    [kitchen.came, ticket.created_at],
    [kitchen.states.STARTED, ticket.started_at],
    [kitchen.states.READY, ticket.ready_at],
    [kitchen.states.CANCELLED, ticket.cancelled_at],
  ] as const;
  const summary = summaries.value.get(ticket.order_id);

  function choose(what: "ready" | "reprint"): void {
    onClose();
    move(ticket, what);
  }

  return (
    <Dialog title={kitchen.ticket(ticket.order_number)} onClose={onClose} testId="ticket-menu">
      <dl class="kitchen-facts">
        <div>
          <dt>{kitchen.station}</dt>
          <dd>{stationsById.value.get(ticket.station_id)?.name ?? ticket.station_id}</dd>
        </div>
        {summary && (
          <div>
            <dt>{kitchen.channel}</dt>
            <dd>{channelName(summary.channel)}</dd>
          </div>
        )}
        {times.map(([name, at]) =>
          at === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{timeOfDay(at)}</dd>
            </div>
          ),
        )}
      </dl>
      {comment !== null && comment !== "" && <p class="kitchen-note is-order">{comment}</p>}
      {ticket.status === "NEW" && (
        <Button size="large" wide icon={Check} look="good" onClick={() => choose("ready")} testId="ready-at-once">
          {kitchen.moves.ready}
        </Button>
      )}
      <Button size="large" wide icon={Printer} onClick={() => choose("reprint")} testId="reprint">
        {kitchen.reprint}
      </Button>
    </Dialog>
  );
}
