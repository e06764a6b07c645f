import { ArrowLeft, Phone, MapPin, X } from "lucide";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { messages } from "~/i18n";
import { dayAndTime } from "~/i18n/format";
import { saleTypesById } from "~/menu";
import { Button } from "~/parts/button";
import { channelOf } from "~/parts/channel";
import { Empty, Loading } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { decisiveStep, isUnsent, numberOf, stageOf } from "./stages";
import { saleTypeSign } from "./card";
import { actorName } from "./names";
import { useOrder, type OrderInView } from "./order-in-view";
import { Kitchen } from "./panel-kitchen";
import { Lines } from "./panel-lines";
import { Money } from "./panel-money";
import { PanelActions } from "./panel-actions";
import { Course } from "./panel-timeline";
import { Deadline, Elapsed, Promised } from "./times";

interface Props {
  id: number;
  /** Whether whoever opened it wants to accept at once. */
  accepting: boolean;
  /** It is gone by with arrows: the focus stays on the card. */
  inPassing: boolean;
  onClose: () => void;
  onAsk: (question: "refuse" | "pay") => void;
}

/** Everything about one order, and what can be done with it. */
export function OrderPanel(props: Props): JSX.Element {
  const { id, onClose } = props;
  const { board, common } = messages();
  const found = useOrder(id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!props.accepting && !props.inPassing) heading.current?.focus();
  }, [id]);
  const number = found ? numberOf(found.order, found.receipt) : `#${id}`;
  return (
    <aside class="board-panel" aria-label={board.order(number)} data-testid="panel" data-order={id}>
      <header class="board-panel-head">
        <span class="board-panel-back">
          <Button look="plain" icon={ArrowLeft} label={common.back} onClick={onClose} testId="panel-back" />
        </span>
        <h2 ref={heading} tabIndex={-1}>
          {board.order(number)}
        </h2>
        {found && <StateChip found={found} />}
        <span class="board-panel-close">
          <Button look="plain" icon={X} label={common.close} onClick={onClose} testId="panel-close" />
        </span>
      </header>
      {found === undefined && <Loading />}
      {found === null && <Empty>{board.notFound}</Empty>}
      {found && <Body key={id} found={found} />}
      {found && <PanelActions key={`actions-${id}`} found={found} accepting={props.accepting} onAsk={props.onAsk} />}
    </aside>
  );
}

function StateChip({ found: { order, receipt } }: { found: OrderInView }): JSX.Element {
  const { board } = messages();
  const stage = stageOf(order, receipt);
  if (order.status === "IGNORE") return <span class="chip is-bad">{board.refused}</span>;
  if (isUnsent(order)) return <span class="chip is-new">{board.notSent}</span>;
  const look = { new: "is-new", accepted: "is-accepted", ready: "is-ready", done: "" }[stage];
  return (
    <span class={`chip ${look}`} data-testid="panel-stage">
      {board.columns[stage]}
    </span>
  );
}

function Body({ found }: { found: OrderInView }): JSX.Element {
  const { board } = messages();
  const { order, summary } = found;
  const step = order.status === "PENDING" ? decisiveStep(summary) : undefined;
  return (
    <div class="board-panel-body" tabIndex={0} role="region" aria-label={board.items}>
      <Facts found={found} />
      {step && <Deadline created={order.created_at} step={step} />}
      {order.refusal && <Refusal found={found} />}
      <Customer found={found} />
      {summary?.comment && (
        <section class="board-panel-comment">
          <h3>{board.comment}</h3>
          <p dir="auto" data-testid="comment">
            {summary.comment}
          </p>
        </section>
      )}
      <Lines found={found} />
      <Money found={found} />
      <Kitchen found={found} />
      <Course found={found} />
    </div>
  );
}

function Facts({ found: { order, receipt, summary } }: { found: OrderInView }): JSX.Element {
  const { board } = messages();
  const type = saleTypesById.value.get(order.sale_type_id) ?? summary?.sale_type;
  const ids = [`#${order.id}`, order.integration_id].filter((one) => one !== null && one !== numberOf(order, receipt));
  return (
    <div class="board-panel-facts">
      <span class="chip">{channelOf(order, summary)}</span>
      <span class="chip">
        <Icon of={saleTypeSign(type?.system_type)} /> {type?.name ?? ""}
      </span>
      {order.promised_at && <Promised at={order.promised_at} open={stageOf(order, receipt) === "accepted"} />}
      {order.open && <Elapsed since={order.created_at} />}
      <span class="board-panel-ids">{[...ids, dayAndTime(order.created_at)].join(" · ")}</span>
      {order.accepted_by && <span class="board-panel-ids">{`${board.steps.accepted} ${board.by(actorName(order.accepted_by))}`}</span>}
    </div>
  );
}

function Refusal({ found: { order, summary, refusalNote } }: { found: OrderInView }): JSX.Element | null {
  const { board, common } = messages();
  const { refusal } = order;
  if (refusal === null) return null;
  const named = refusal.lines.map((line) => summary?.lines[line.line]?.name).filter((name) => name !== undefined);
  return (
    <section class="board-panel-alert" data-testid="refusal">
      <strong>{board.refusedBy(actorName(refusal.by))}</strong>
      <p>{[common.refusalReasons[refusal.reason], ...named].join(" · ")}</p>
      {refusalNote && (
        <p dir="auto" data-testid="refusal-note">
          {refusalNote}
        </p>
      )}
    </section>
  );
}

function Customer({ found: { summary } }: { found: OrderInView }): JSX.Element | null {
  const { board } = messages();
  const customer = summary?.customer;
  if (!customer) return null;
  return (
    <section class="board-panel-customer">
      <h3 class="visually-hidden">{board.customer}</h3>
      <strong class="board-panel-name" dir="auto" data-testid="customer">
        {customer.name ?? board.guest}
      </strong>
      {customer.phone && (
        <a class="button board-panel-phone" href={`tel:${customer.phone.replace(/[^\d+]/g, "")}`} aria-label={board.call(customer.phone)}>
          <Icon of={Phone} /> {customer.phone}
        </a>
      )}
      {customer.address && (
        <p class="board-panel-address" dir="auto">
          <Icon of={MapPin} /> {customer.address}
        </p>
      )}
    </section>
  );
}
