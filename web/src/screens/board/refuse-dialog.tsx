import { Ban } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { count } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Field } from "~/parts/field";
import { isPending } from "~/sync/actions";
import { pathOf, refuse } from "./moves";
import { actorName } from "./names";
import { useOrder, type OrderInView } from "./order-in-view";
import { canGoOn, isPaid, numberOf } from "./stages";

/** The reasons people may give, the frequent ones first. */
const REASONS = [
  "out_of_stock",
  "too_busy",
  "closed",
  "outside_delivery_area",
  "customer_request",
  "wrong_price",
  "unknown_item",
  "duplicate",
  "suspected_fraud",
  "technical_problem",
  "other",
] as const;
type Reason = (typeof REASONS)[number];

/** Why an order is refused, and what cannot be made. */
export function RefuseDialog({ id, onClose }: { id: number; onClose: () => void }): JSX.Element | null {
  const found = useOrder(id);
  return found && canGoOn(found.order, found.receipt) ? <Form found={found} onClose={onClose} /> : null;
}

function Form({ found: { order, receipt, summary }, onClose }: { found: OrderInView; onClose: () => void }): JSX.Element {
  const { board, common } = messages();
  const [reason, setReason] = useState<Reason | null>(null);
  const [note, setNote] = useState("");
  const [gone, setGone] = useState<ReadonlySet<number>>(new Set());
  const [stop, setStop] = useState(true);
  const number = numberOf(order, receipt);
  // The question was asked of the order as it was then.
  const [known, setKnown] = useState(order.status);
  const accepted = order.status !== known;

  async function submit(): Promise<void> {
    if (reason === null) return;
    const lines = reason === "out_of_stock" ? [...gone].map((line) => ({ line, reason: "out_of_stock" as const })) : [];
    if (await refuse(order, number, { reason, note, lines, stop: stop && lines.length > 0 })) onClose();
  }

  function toggle(line: number): void {
    const next = new Set(gone);
    if (!next.delete(line)) next.add(line);
    setGone(next);
  }

  return (
    <Dialog
      title={board.refuseTitle(number)}
      onClose={onClose}
      testId="refuse-dialog"
      foot={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button look="bad-strong" icon={Ban} disabled={reason === null || accepted} busy={isPending(pathOf(order.id, "refuse"))} onClick={() => void submit()} testId="refuse-confirm">
            {board.actions.refuse}
          </Button>
        </>
      }
    >
      {isPaid(receipt) && <p class="board-panel-alert">{board.refusePaid}</p>}
      {accepted && (
        <div class="board-panel-alert" role="alert" data-testid="refuse-accepted">
          <p>{board.acceptedMeanwhile(actorName(order.accepted_by ?? "automatic"))}</p>
          <Button onClick={() => setKnown(order.status)} testId="refuse-still">
            {board.refuseStill}
          </Button>
        </div>
      )}
      <div class="board-reasons" role="group" aria-label={board.reason}>
        {REASONS.map((one) => (
          <Button key={one} on={reason === one} onClick={() => setReason(one)} testId={`reason-${one}`}>
            {common.refusalReasons[one]}
          </Button>
        ))}
      </div>
      {reason === "out_of_stock" && summary && (
        <fieldset class="board-which">
          <legend class="field-label">{board.whichLines}</legend>
          {summary.lines.map((line) => (
            <label key={line.line} class="switch">
              <input type="checkbox" checked={gone.has(line.line)} onChange={() => toggle(line.line)} data-testid={`gone-${line.line}`} />
              <span dir="auto">
                {count(line.count)}× {line.name}
              </span>
            </label>
          ))}
          {gone.size > 0 && (
            <label class="switch is-apart">
              <input type="checkbox" checked={stop} onChange={(event) => setStop(event.currentTarget.checked)} data-testid="also-stop" />
              <span>{board.alsoStop}</span>
            </label>
          )}
        </fieldset>
      )}
      <Field label={board.note} hint={board.noteHint} value={note} onInput={setNote} maxLength={500} rows={2} />
    </Dialog>
  );
}
