import { AlarmClock, Bike, MessageSquareText, PackageCheck, ShoppingBag, StickyNote, TriangleAlert, Utensils } from "lucide";
import type { IconNode } from "lucide";
import type { JSX } from "preact";
import type { OrderCard, OrderSummary, ReceiptCard, SummaryLine } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { saleTypesById } from "~/menu";
import { Button } from "~/parts/button";
import { channelOf } from "~/parts/channel";
import { Icon } from "~/parts/icon";
import { hasRole } from "~/session";
import { isSettling } from "./layout";
import { isBusy } from "./moves";
import { decisiveStep, isHandedOver, isPaid, isUnsent, numberOf, type Alarm, type Stage } from "./stages";
import { Deadline, Elapsed, Promised } from "./times";

const LINES_SHOWN = 4;
const SIGNS: Record<string, IconNode> = { DELIVERY: Bike, TAKEAWAY: ShoppingBag, IN: Utensils };

export type CardMove = "accept" | "send" | "pay" | "handOver";

export interface CardProps {
  order: OrderCard;
  receipt: ReceiptCard | undefined;
  stage: Stage;
  ready: number;
  lines: number;
  summary: OrderSummary | undefined;
  alarm: Alarm | null;
  current: boolean;
  onOpen: (id: number) => void;
  onMove: (id: number, move: CardMove) => void;
}

/** The sign of a sale type: to the door, to take away, at the table. */
export function saleTypeSign(systemType: string | null | undefined): IconNode {
  return SIGNS[systemType ?? ""] ?? Utensils;
}

/**
 * An order on the board.
 *
 * It reads signals, so it is drawn anew only when one of its properties is another object; clocks run in parts of it.
 */
export function Card(props: CardProps): JSX.Element {
  const { order, receipt, stage, summary, alarm, current } = props;
  const { board } = messages();
  const number = numberOf(order, receipt);
  const classes = ["board-card", `is-${stage}`, alarm && `is-${alarm}`, stage !== "done" && isUnsent(order) && "is-unsent", current && "is-current"];
  const step = order.status === "PENDING" ? decisiveStep(summary) : undefined;
  return (
    <article class={classes.filter(Boolean).join(" ")} data-testid="card" data-order={order.id} data-stage={stage} id={`board-card-${order.id}`}>
      <header class="board-card-head">
        <h3 class="board-card-number">
          <button type="button" class="board-card-open" data-testid="open" onClick={() => props.onOpen(order.id)}>
            <span class="visually-hidden">{board.order(number)}</span>
            <span aria-hidden="true">{number}</span>
          </button>
        </h3>
        <span class="board-card-time">
          {stage === "done" ? <Ending order={order} /> : <Elapsed since={sinceOf(order, stage)} />}
        </span>
      </header>
      <p class="board-card-who" dir="auto">
        {summary?.customer?.name ?? (summary ? board.guest : "")}
      </p>
      {stage !== "done" && <Marks {...props} />}
      {stage !== "done" && <Lines summary={summary} />}
      <footer class="board-card-foot">
        <strong class="board-card-total">{money(order.totals.total)}</strong>
        {order.status !== "IGNORE" && receipt && <span class={isPaid(receipt) ? "chip is-ready" : "chip is-new"}>{isPaid(receipt) ? board.paid : board.unpaid}</span>}
        {stage === "done" && receipt?.refund_due && <span class="chip is-bad">{board.refundDue}</span>}
        <Move {...props} />
      </footer>
      {step && <Deadline created={order.created_at} step={step} />}
    </article>
  );
}

function sinceOf(order: OrderCard, stage: Stage): string {
  if (stage === "new") return order.created_at;
  return (stage === "ready" ? order.ready_at : order.received_at) ?? order.updated_at;
}

function Ending({ order }: { order: OrderCard }): JSX.Element {
  const { board } = messages();
  if (order.status === "IGNORE") return <span class="chip is-bad">{board.refused}</span>;
  // What nobody has touched for days leaves the board too.
  return <span class="chip">{order.status === "DELIVERED" ? board.delivered : board.unfinished}</span>;
}

function Lines({ summary }: { summary: OrderSummary | undefined }): JSX.Element {
  const { board } = messages();
  if (!summary) return <p class="board-card-lines is-loading">{board.loadingLines}</p>;
  const rest = summary.lines.length - LINES_SHOWN;
  return (
    <ul class="board-card-lines">
      {summary.lines.slice(0, LINES_SHOWN).map((line) => (
        <li key={line.line} class={line.unknown ? "is-unknown" : undefined}>
          <b>{count(line.count)}×</b> <span dir="auto">{lineText(line)}</span>
          {line.note && (
            <em class="board-card-note" dir="auto">
              <Icon of={StickyNote} label={board.note} /> {line.note}
            </em>
          )}
        </li>
      ))}
      {rest > 0 && <li class="board-card-rest">{board.more(rest)}</li>}
    </ul>
  );
}

function lineText(line: SummaryLine): string {
  const modifiers = line.modifiers.map((one) => (one.count === 1 ? one.name : `${count(one.count)}× ${one.name}`));
  return [line.name, ...modifiers].join(" · ");
}

function Marks({ order, receipt, stage, ready, lines, summary, alarm }: CardProps): JSX.Element {
  const { board } = messages();
  const type = saleTypesById.value.get(order.sale_type_id) ?? summary?.sale_type;
  return (
    <p class="board-card-marks">
      {alarm && (
        <span class="chip is-bad" data-testid="alarm">
          <Icon of={AlarmClock} /> {alarm === "escalated" ? board.escalated : board.reminded}
        </span>
      )}
      {order.needs_attention && (
        <span class="chip is-bad">
          <Icon of={TriangleAlert} /> {board.attention}
        </span>
      )}
      <span class="chip">{channelOf(order, summary)}</span>
      <span class="chip">
        <Icon of={saleTypeSign(type?.system_type)} /> {type?.name ?? ""}
      </span>
      {summary?.comment && (
        <span class="chip" title={summary.comment}>
          <Icon of={MessageSquareText} label={board.comment} />
        </span>
      )}
      {stage === "accepted" && isUnsent(order) && (
        <span class="chip is-new" data-testid="unsent">
          {board.notSent}
        </span>
      )}
      {stage === "accepted" && lines > 0 && <span class={ready > 0 ? "chip is-ready" : "chip is-accepted"}>{progressText(order, ready, lines)}</span>}
      {order.promised_at && stage !== "done" && <Promised at={order.promised_at} open={stage === "accepted"} />}
      {stage === "ready" && isHandedOver(receipt) && (
        <span class="chip is-bad">
          <Icon of={PackageCheck} /> {isPaid(receipt) ? board.handedOver : board.handedOverUnpaid}
        </span>
      )}
    </p>
  );
}

function progressText(order: OrderCard, ready: number, lines: number): string {
  const { board } = messages();
  return ready === 0 && order.started_at === null ? board.notStarted : board.progress(ready, lines);
}

/** The next thing to do with the order, with one tap. */
function Move({ order, receipt, stage, onMove }: CardProps): JSX.Element | null {
  const { board } = messages();
  if (stage === "done") return null;
  const move = nextMove(order, receipt, stage);
  if (move === null) return null;
  const tap = (): void => {
    // What has just slid under the finger was not meant.
    if (!isSettling(order.id)) onMove(order.id, move);
  };
  return (
    <Button class="board-card-move" look={move === "accept" || move === "send" ? "primary" : "good"} busy={isBusy(order.id)} onClick={tap} testId={`move-${move}`}>
      {board.actions[move]}
    </Button>
  );
}

/** What an order waits for from those at the counter; null while it is the kitchen's. */
export function nextMove(order: OrderCard, receipt: ReceiptCard | undefined, stage: Stage): CardMove | null {
  if (stage === "new") return "accept";
  if (isUnsent(order)) return "send";
  if (stage !== "ready") return null;
  if (!isPaid(receipt) && hasRole("cashier", "manager")) return "pay";
  return isHandedOver(receipt) ? null : "handOver";
}
