import { CreditCard, Plus, RotateCcw, Trash } from "lucide";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { freshKey, leavesOpen, Refused } from "~/api/client";
import type { ReceiptCard } from "~/api/types";
import { messages } from "~/i18n";
import { money } from "~/i18n/format";
import { menu } from "~/menu";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Choice, Field } from "~/parts/field";
import { explain, toast } from "~/parts/toasts";
import { actNow, isPending } from "~/sync/actions";
import { receiptOf } from "./layout";
import { paymentPath } from "./moves";
import { useOrder } from "./order-in-view";
import { Money } from "./panel-money";
import { numberOf } from "./stages";
import { exactText, sumOf, toMinor, typedMinor, type Part } from "./tender";

/** A payment that is tried: the very same request under the very same key, as often as it takes. */
interface Attempt {
  key: string;
  payments: { id: number; name: string; amount: string }[];
}

/** Taking payment and closing the receipt of an order. */
export function PaymentDialog({ id, onClose }: { id: number; onClose: () => void }): JSX.Element | null {
  const { board, common } = messages();
  const found = useOrder(id);
  const [toldClosed, setToldClosed] = useState(false);
  if (!found?.receipt) return null;
  const number = numberOf(found.order, found.receipt);
  const closed = found.receipt.status === 2;
  if (closed || toldClosed) {
    return (
      <Dialog title={board.payTitle(number)} onClose={onClose} testId="pay-dialog" foot={<Button onClick={onClose}>{common.close}</Button>}>
        <p data-testid="pay-closed">{board.alreadyPaid}</p>
        {/* How it was paid, as soon as the board has it: whether it was this payment shows there. */}
        {closed && <Money found={found} />}
      </Dialog>
    );
  }
  return <Form receipt={found.receipt} number={number} onClose={onClose} onClosed={() => setToldClosed(true)} />;
}

interface FormProps {
  receipt: ReceiptCard;
  number: string;
  onClose: () => void;
  /** The server says that the receipt takes no more payments. */
  onClosed: () => void;
}

function Form({ receipt, number, onClose, onClosed }: FormProps): JSX.Element {
  const { board, common } = messages();
  const methods = menu.value?.payment_methods ?? [];
  const decimals = menu.value?.decimals ?? 2;
  const due = toMinor(receipt.remaining, decimals);
  const [parts, setParts] = useState<readonly Part[]>([{ methodId: methods[0]?.id ?? 0, amount: exactText(due, decimals) }]);
  const [doubt, setDoubt] = useState<Attempt | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const shown = useRef(true);
  useEffect(() => () => void (shown.current = false), []);
  // Opened before the menu was there, it has no way of payment yet.
  const first = methods[0]?.id ?? 0;
  useEffect(() => setParts((before) => before.map((part) => (part.methodId === 0 ? { ...part, methodId: first } : part))), [first]);
  // With a discount of everything nothing is due, and nothing is how it is paid.
  const free = due === 0;
  const sum = free ? 0 : sumOf(parts, decimals);
  const busy = isPending(paymentPath(receipt.id));
  const needsCustomer = !free && receipt.customer_id === 0 && parts.some((part) => methods.find((one) => one.id === part.methodId)?.customer_required);

  async function take(attempt: Attempt): Promise<void> {
    setRefused(null);
    const wish = { label: board.did.pay(number), method: "POST", path: paymentPath(receipt.id), body: { payment_methods: attempt.payments }, orderId: receipt.id } as const;
    try {
      await actNow(wish, attempt.key);
      toast(board.paymentDone(money(receipt.remaining)));
      onClose();
    } catch (error) {
      const open = staysOpen(error, doubt !== null);
      // The question was left while it was asked.
      if (!shown.current) {
        if (open && receiptOf(receipt.id)?.status === 2) return;
        toast(`${wish.label}: ${open ? board.nobodyKnows : reasonOf(error)}`, true);
        return;
      }
      setDoubt(open ? attempt : null);
      if (error instanceof Refused && error.code === "receipt_closed") onClosed();
      else if (error instanceof Refused || !open) setRefused(reasonOf(error));
    }
  }

  function begin(): void {
    const paid = free ? [] : parts;
    const payments = paid.map((part) => ({
      id: part.methodId,
      name: methods.find((one) => one.id === part.methodId)?.name ?? "",
      amount: exactText(typedMinor(part.amount, decimals) ?? 0, decimals),
    }));
    void take({ key: freshKey(), payments });
  }

  if (doubt) {
    return (
      <Dialog
        title={board.payTitle(number)}
        onClose={onClose}
        testId="pay-dialog"
        foot={
          <>
            <Button onClick={onClose}>{common.close}</Button>
            <Button look="primary" icon={RotateCcw} busy={busy} onClick={() => void take(doubt)} testId="pay-again">
              {board.tryAgain}
            </Button>
          </>
        }
      >
        <p class="board-panel-alert" role="alert" data-testid="pay-doubt">
          {board.nobodyKnows}
        </p>
        <p>{board.nobodyKnowsHow}</p>
        {refused && <p data-testid="pay-refused">{refused}</p>}
      </Dialog>
    );
  }

  return (
    <Dialog
      title={board.payTitle(number)}
      onClose={onClose}
      testId="pay-dialog"
      foot={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button look="good" icon={CreditCard} busy={busy} disabled={sum !== due || needsCustomer} onClick={begin} testId="pay-confirm">
            {free ? board.nothingToPay : board.takePayment(money(receipt.remaining))}
          </Button>
        </>
      }
    >
      <p class="board-due">
        <span>{board.due}</span>
        <strong data-testid="due">{money(receipt.remaining)}</strong>
      </p>
      {!free && <PartFields parts={parts} due={due} decimals={decimals} onChange={setParts} />}
      {sum !== null && sum < due && <p class="field-error">{board.missing(money((due - sum) / 10 ** decimals))}</p>}
      {sum !== null && sum > due && <p class="field-error">{board.tooMuch(money((sum - due) / 10 ** decimals))}</p>}
      {needsCustomer && <p class="field-error">{board.customerRequired}</p>}
      {refused && (
        <p class="board-panel-alert" role="alert" data-testid="pay-refused">
          {refused}
        </p>
      )}
    </Dialog>
  );
}

/** Whether nobody knows after this if the money was taken down; what a first try was refused at the door was not. */
function staysOpen(error: unknown, wasOpen: boolean): boolean {
  const atTheDoor = error instanceof Refused && error.status < 500 && error.code !== "request_in_progress";
  return leavesOpen(error) && (wasOpen || !atTheDoor);
}

function reasonOf(error: unknown): string {
  const { board } = messages();
  const code = error instanceof Refused ? (error.details[0]?.code ?? error.code) : null;
  if (code === "customer_required") return board.customerRequired;
  if (code === "not_divisible") return board.notDivisible;
  return explain(error);
}

/** By which methods, and how much by each. */
function PartFields(props: { parts: readonly Part[]; due: number; decimals: number; onChange: (parts: readonly Part[]) => void }): JSX.Element {
  const { board } = messages();
  const { parts, due, decimals, onChange } = props;
  const methods = menu.value?.payment_methods ?? [];
  const options = methods.map((one) => ({ value: one.id, text: one.name }));
  const change = (index: number, part: Partial<Part>): void => onChange(parts.map((one, at) => (at === index ? { ...one, ...part } : one)));
  useEffect(() => {
    // One way pays the whole, also when the amount due has changed meanwhile.
    if (parts.length === 1) change(0, { amount: exactText(due, decimals) });
  }, [due]);

  function add(): void {
    const rest = due - (sumOf(parts, decimals) ?? due);
    const unused = methods.find((one) => !parts.some((part) => part.methodId === one.id)) ?? methods[0];
    onChange([...parts, { methodId: unused?.id ?? 0, amount: rest > 0 ? exactText(rest, decimals) : "" }]);
  }

  return (
    <div class="board-parts">
      {parts.map((part, index) => (
        <div key={index} class="board-part">
          {parts.length === 1 && index === 0 ? (
            <div class="board-methods" role="group" aria-label={board.payMethod}>
              {methods.map((one) => (
                <Button key={one.id} on={one.id === part.methodId} onClick={() => change(index, { methodId: one.id })} testId={`method-${one.id}`}>
                  {one.name}
                </Button>
              ))}
            </div>
          ) : (
            <Choice label={board.payMethod} value={part.methodId} options={options} onChange={(methodId) => change(index, { methodId })} testId={`method-of-${index}`} />
          )}
          <Field
            label={board.amount}
            inputMode="decimal"
            value={part.amount}
            onInput={(amount) => change(index, { amount })}
            error={part.amount !== "" && typedMinor(part.amount, decimals) === null ? board.badAmount : null}
            testId={`amount-${index}`}
          />
          {parts.length > 1 && <Button look="plain" icon={Trash} label={board.removePart} onClick={() => onChange(parts.filter((_, at) => at !== index))} />}
        </div>
      ))}
      <Button look="plain" icon={Plus} onClick={add} testId="split">
        {board.split}
      </Button>
    </div>
  );
}
