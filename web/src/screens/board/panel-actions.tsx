import { Ban, Check, ChefHat, CreditCard, PackageCheck } from "lucide";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { useSettled } from "~/press";
import { hasRole } from "~/session";
import { isPending } from "~/sync/actions";
import { accept, handOver, pathOf, paymentPath, sendToKitchen } from "./moves";
import type { OrderInView } from "./order-in-view";
import { canGoOn, isHandedOver, isPaid, isUnsent, numberOf } from "./stages";

const MINUTES = [10, 15, 20, 30, 45] as const;
const MOST_MINUTES = 1_440;

interface Props {
  found: OrderInView;
  accepting: boolean;
  onAsk: (question: "refuse" | "pay") => void;
}

/** What can be done with an order in its state. */
export function PanelActions({ found, accepting, onAsk }: Props): JSX.Element | null {
  const { board } = messages();
  const { order, receipt } = found;
  const number = numberOf(order, receipt);
  // Buttons come and go with what others do: a hit on its way to one was not meant for what has taken its place.
  const settled = useSettled([order.id, order.status, String(isUnsent(order)), String(isPaid(receipt)), String(isHandedOver(receipt))]);
  const meant = (does: () => void) => (): void => {
    if (settled()) does();
  };
  if (!canGoOn(order, receipt)) return null;
  if (order.status === "PENDING") return <Accept found={found} focused={accepting} meant={meant} onRefuse={() => onAsk("refuse")} />;
  const mayRefuse = order.status === "RECEIVED" && (!isPaid(receipt) || hasRole("manager"));
  return (
    <footer class="board-panel-foot">
      {isUnsent(order) && (
        <Button look="primary" icon={ChefHat} wide busy={isPending(pathOf(order.id, "send-to-station"))} onClick={meant(() => void sendToKitchen(order, number))} testId="send">
          {board.actions.send}
        </Button>
      )}
      <div class="board-panel-buttons">
        {mayRefuse && (
          <Button look="bad" icon={Ban} busy={isPending(pathOf(order.id, "refuse"))} onClick={meant(() => onAsk("refuse"))} testId="refuse">
            {board.actions.refuse}
          </Button>
        )}
        {!isPaid(receipt) && hasRole("cashier", "manager") && (
          <Button look={isUnsent(order) ? undefined : "good"} icon={CreditCard} busy={isPending(paymentPath(order.id))} onClick={meant(() => onAsk("pay"))} testId="pay">
            {board.actions.pay}
          </Button>
        )}
        {!isHandedOver(receipt) && (
          <Button look={isPaid(receipt) ? "good" : undefined} icon={PackageCheck} busy={isPending(pathOf(order.id, "hand-over"))} onClick={meant(() => void handOver(order, number))} testId="hand-over">
            {board.actions.handOver}
          </Button>
        )}
      </div>
    </footer>
  );
}

/** Accepting: when it is promised for, and whether the kitchen begins at once. One tap on the minutes, one on Accept. */
function Accept(props: { found: OrderInView; focused: boolean; meant: (does: () => void) => () => void; onRefuse: () => void }): JSX.Element {
  const { found, focused, meant } = props;
  const { order, receipt } = found;
  const { board } = messages();
  const [text, setText] = useState("20");
  const [send, setSend] = useState(true);
  const button = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focused) button.current?.querySelector("button")?.focus();
  }, [focused]);
  const minutes = text.trim() === "" ? null : Number(text);
  const wrong = minutes !== null && !(Number.isInteger(minutes) && minutes >= 1 && minutes <= MOST_MINUTES);
  const number = numberOf(order, receipt);
  return (
    <footer class="board-panel-foot" data-testid="accept-form">
      <div class="board-minutes" role="group" aria-label={board.acceptTitle}>
        <span class="field-label">{board.acceptTitle}</span>
        {MINUTES.map((one) => (
          <Button key={one} on={minutes === one} onClick={() => setText(String(one))} testId={`minutes-${one}`}>
            {board.minutesShort(one)}
          </Button>
        ))}
        <input
          class="input board-minutes-own"
          inputMode="numeric"
          aria-label={board.ownMinutes}
          aria-invalid={wrong}
          placeholder={board.noPromise}
          value={text}
          data-testid="minutes-own"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <label class="switch">
        <input type="checkbox" checked={send} onChange={(event) => setSend(event.currentTarget.checked)} data-testid="send-now" />
        <span>{board.sendNow}</span>
      </label>
      <div class="board-panel-buttons" ref={button}>
        <Button
          look="primary"
          size="large"
          icon={Check}
          class="board-accept"
          disabled={wrong}
          busy={isPending(pathOf(order.id, "accept"))}
          onClick={meant(() => void accept(order, number, minutes, send))}
          testId="accept"
        >
          {minutes === null || wrong ? board.actions.accept : `${board.actions.accept} · ${board.minutesShort(minutes)}`}
        </Button>
        <Button look="bad" size="large" icon={Ban} busy={isPending(pathOf(order.id, "refuse"))} onClick={meant(props.onRefuse)} testId="refuse">
          {board.actions.refuse}
        </Button>
      </div>
    </footer>
  );
}
