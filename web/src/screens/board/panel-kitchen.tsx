import { Printer } from "lucide";
import type { JSX } from "preact";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { stationsById } from "~/menu";
import { Button } from "~/parts/button";
import { hasRole } from "~/session";
import { isPending } from "~/sync/actions";
import { reprint } from "./moves";
import type { OrderInView } from "./order-in-view";

const LOOKS: Record<TicketCard["status"], string> = { NEW: "is-new", STARTED: "is-accepted", READY: "is-ready", CANCELLED: "is-bad" };

/** The tickets of an order: how far each station is. */
export function Kitchen({ found: { order, tickets } }: { found: OrderInView }): JSX.Element | null {
  const { board } = messages();
  if (order.status === "PENDING" || (order.status === "IGNORE" && tickets.length === 0)) return null;
  return (
    <section>
      <h3>{board.kitchen}</h3>
      {tickets.length === 0 && <p class="board-panel-faint">{board.noTickets}</p>}
      <ul class="board-tickets">
        {tickets.map((ticket) => (
          <Ticket key={ticket.id} ticket={ticket} />
        ))}
      </ul>
    </section>
  );
}

function Ticket({ ticket }: { ticket: TicketCard }): JSX.Element {
  const { board } = messages();
  const station = stationsById.value.get(ticket.station_id)?.name ?? String(ticket.station_id);
  const ready = ticket.lines.filter((line) => line.ready_at !== null).length;
  return (
    <li class="board-ticket" data-testid="ticket">
      <strong>{station}</strong>
      <span class={`chip ${LOOKS[ticket.status]}`}>{board.tickets[ticket.status]}</span>
      <span class="board-panel-faint">{board.progress(ready, ticket.lines.length)}</span>
      {hasRole("cashier", "manager") && (
        <Button
          look="plain"
          icon={Printer}
          busy={isPending(`/hub/v1/tickets/${ticket.id}/reprint`)}
          label={`${board.actions.reprint}: ${station}`}
          onClick={() => void reprint(ticket)}
          testId="reprint"
        />
      )}
    </li>
  );
}
