import { computed } from "@preact/signals";
import { Ban, Check, CircleCheckBig, Ellipsis, Flame, Hourglass, MessageSquareWarning, Play, ShoppingBag, Sparkle, TriangleAlert, Truck, Undo2, Utensils } from "lucide";
import type { IconNode } from "lucide";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { clock, now, timeOfDay } from "~/i18n/format";
import { saleTypesById, stationsById } from "~/menu";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { board, summaries } from "~/sync/board";
import { Line } from "./line";
import { bump, move, nextMove, noteMoved, noteTurned, pathOf, tapped, usePending, type Move } from "./moves";
import { levelAt, type Level, type Target } from "./queue";
import { targetHere } from "./target";

interface Props {
  ticket: TicketCard;
  /** Where it stands; whoever hits it just after it came to stand there meant another. */
  place: string;
  /** The key that bumps it; null while nobody uses a keyboard. */
  number: number | null;
  isFresh: boolean;
  withStation: boolean;
  /** Show what is rarely done with it. */
  onMore: (ticketId: string) => void;
}

const SALE_TYPES: Record<string, IconNode> = { IN: Utensils, DELIVERY: Truck, TAKEAWAY: ShoppingBag };
const LEVELS: Record<Exclude<Level, "calm">, IconNode> = { pressing: Hourglass, late: TriangleAlert };
const MOVES: Record<Exclude<Move, "reprint">, { look: "primary" | "good" | "bad-strong" | "plain"; icon: IconNode }> = {
  start: { look: "primary", icon: Play },
  ready: { look: "good", icon: Check },
  recall: { look: "plain", icon: Undo2 },
  dismiss: { look: "bad-strong", icon: Check },
};

/** One ticket: what it is called, how long it has waited, what is on it, and what comes next. */
export function Ticket({ ticket, place, number, isFresh, withStation, onMore }: Props): JSX.Element {
  const { kitchen } = messages();
  const target = targetHere(ticket);
  const level = useLevel(target);
  useLayoutEffect(() => noteMoved(ticket.id), [place]);
  // A hit on its way when the button came to mean something else was not meant for that.
  useLayoutEffect(() => noteTurned(ticket.id), [ticket.status]);
  /** Undefined while nobody knows it yet. */
  const comment = useMemo(() => computed(() => summaries.value.get(ticket.order_id)?.comment), [ticket.order_id]).value;
  const waiting = ticket.status === "NEW" || ticket.status === "STARTED";
  const look = waiting ? level : ticket.status === "READY" ? "done" : "cancelled";
  return (
    <article
      class={`kitchen-ticket is-${look}${isFresh ? " is-fresh" : ""}`}
      aria-label={`${kitchen.ticket(ticket.order_number)}, ${kitchen.states[ticket.status]}`}
      data-testid="ticket"
      data-ticket={ticket.id}
      data-status={ticket.status}
      data-level={waiting ? level : undefined}
    >
      {/* The foot's button for those who cannot aim: a keyboard finds it there. */}
      <header class="kitchen-head" onClick={tapped(() => bump(ticket))} data-testid="ticket-head">
        <div class="kitchen-head-row">
          {number !== null && <kbd class="kitchen-key">{number}</kbd>}
          <h2 class={`kitchen-number${lengthOf(ticket.order_number)}`}>{ticket.order_number}</h2>
          {waiting ? <Elapsed since={ticket.created_at} /> : <Icon of={ticket.status === "READY" ? CircleCheckBig : Ban} />}
        </div>
        <div class="kitchen-head-row is-small">
          <span class="kitchen-sale">
            <SaleType ticket={ticket} withStation={withStation} />
          </span>
          {waiting ? (
            <Due ticket={ticket} level={level} brief={withStation && ticket.promised_at !== null} />
          ) : (
            <strong class="kitchen-state">{kitchen.states[ticket.status]}</strong>
          )}
        </div>
      </header>
      <div class="kitchen-lines" tabIndex={-1}>
        {waiting && comment === undefined && (
          // Whoever cooks must not take what has not come yet for nothing.
          <p class="kitchen-note is-order is-coming" data-testid="comment-coming" aria-label={kitchen.commentComing}>
            <Icon of={MessageSquareWarning} /> …
          </p>
        )}
        {comment && <Comment text={comment} onOpen={() => onMore(ticket.id)} />}
        {ticket.lines.map((line) => (
          <Line key={line.line} ticket={ticket} line={line} />
        ))}
      </div>
      <footer class="kitchen-foot">
        <BumpButton ticket={ticket} />
        <Button icon={Ellipsis} look="plain" label={kitchen.more(ticket.order_number)} onClick={() => onMore(ticket.id)} testId="more" />
      </footer>
    </article>
  );
}

/** What the guest wrote; of a letter the beginning, and that there is more of it, so that the dishes stay in sight. */
function Comment({ text, onOpen }: { text: string; onOpen: () => void }): JSX.Element {
  const words = useRef<HTMLSpanElement>(null);
  const [cut, setCut] = useState(false);
  useLayoutEffect(() => {
    const { current } = words;
    if (current === null) return;
    const measure = (): void => setCut(current.scrollHeight > current.clientHeight + 1);
    measure();
    // A tablet that is turned has other rows.
    const watch = new ResizeObserver(measure);
    watch.observe(current);
    return () => watch.disconnect();
  }, [text, cut]);
  const inside = (
    <>
      <Icon of={MessageSquareWarning} />
      <span class="kitchen-comment" ref={words}>
        {text}
      </span>
    </>
  );
  if (!cut) {
    return (
      <p class="kitchen-note is-order" data-testid="comment">
        {inside}
      </p>
    );
  }
  return (
    <button type="button" class="kitchen-note is-order is-cut" onClick={onOpen} data-testid="comment">
      {inside}
      <strong class="kitchen-read-on">{messages().kitchen.readOn}</strong>
    </button>
  );
}

/** The large button: start, ready, back, or that a cancelled ticket was seen. */
function BumpButton({ ticket }: { ticket: TicketCard }): JSX.Element {
  const { kitchen } = messages();
  const what = nextMove(ticket) as Exclude<Move, "reprint">;
  const busy = usePending(pathOf(ticket, what));
  return (
    <Button class="kitchen-bump" look={MOVES[what].look} icon={MOVES[what].icon} busy={busy} onClick={tapped(() => move(ticket, what))} testId="bump">
      {kitchen.moves[what]}
    </Button>
  );
}

function Elapsed({ since }: { since: string }): JSX.Element {
  return <time class="kitchen-elapsed">{clock((now() - Date.parse(since)) / 1_000)}</time>;
}

/** When it was promised, and by a sign and in words how that stands; `brief` leaves the room to the station's name. */
function Due({ ticket, level, brief }: { ticket: TicketCard; level: Level; brief: boolean }): JSX.Element {
  const { kitchen } = messages();
  const started = ticket.status === "STARTED";
  return (
    <span class="kitchen-due">
      {ticket.promised_at !== null && <span>{kitchen.promised(timeOfDay(ticket.promised_at))}</span>}
      {started && level !== "calm" && <Icon of={Flame} label={kitchen.states.STARTED} />}
      <strong class={brief ? "kitchen-level is-brief" : "kitchen-level"}>
        <Icon of={level === "calm" ? (started ? Flame : Sparkle) : LEVELS[level]} />
        <span class="kitchen-level-words">{level === "calm" ? kitchen.states[ticket.status] : kitchen.levels[level]}</span>
      </strong>
    </span>
  );
}

/** How it leaves the house: by a sign, and in words where nothing else needs the room. */
function SaleType({ ticket, withStation }: { ticket: TicketCard; withStation: boolean }): JSX.Element {
  const id = useMemo(() => computed(() => board.value.orders.get(ticket.order_id)?.sale_type_id), [ticket.order_id]).value;
  const icon = id === undefined ? undefined : SALE_TYPES[saleTypesById.value.get(id)?.system_type ?? ""];
  const words = withStation ? stationsById.value.get(ticket.station_id)?.name : ticket.sale_type;
  return (
    <>
      {icon && <Icon of={icon} label={ticket.sale_type} />}
      {(withStation || ticket.promised_at === null || icon === undefined) && <span>{words}</span>}
    </>
  );
}

/** How the ticket stands; the clock goes on every second, and the card is drawn again only when this changes. */
function useLevel({ pressingAt, dueAt }: Target): Level {
  return useMemo(() => computed(() => levelAt({ pressingAt, dueAt }, now())), [pressingAt, dueAt]).value;
}

function lengthOf(number: string): string {
  if (number.length <= 5) return "";
  if (number.length <= 7) return " is-long";
  return number.length <= 9 ? " is-longer" : " is-longest";
}
