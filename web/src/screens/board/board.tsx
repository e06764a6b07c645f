/** The order board: what came in, what is made, what waits at the counter, what is done. */

import "./card.css";
import "./board.css";
import "./panel.css";
import { Keyboard, Search } from "lucide";
import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { OrderCard, ReceiptCard } from "~/api/types";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Loading } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { hasRole } from "~/session";
import { Shell } from "~/shell";
import { board as venueBoard, boardLoading, wantSummaries } from "~/sync/board";
import type { CardMove } from "./card";
import { Column } from "./column";
import { useCursor } from "./cursor";
import { Found } from "./found";
import { KeysHelp, useKeys, type Pressed } from "./keys";
import { layout, receiptOf, watchBoard } from "./layout";
import { handOver, sendToKitchen } from "./moves";
import { useNotice } from "./notice";
import { OrderPanel } from "./panel";
import { LatePapers } from "./late-papers";
import { Papers } from "./papers";
import { PaymentDialog } from "./payment-dialog";
import { RefuseDialog } from "./refuse-dialog";
import { searched, visible, watchSearch } from "./search";
import { isHandedOver, isPaid, isUnsent, numberOf, STAGES, stageOf, type Stage } from "./stages";

type Question = { kind: "refuse" | "pay"; id: number };

export default function Board(): JSX.Element {
  const { board } = messages();
  const { opened, open, close } = useOpened();
  const [accepting, setAccepting] = useState<number | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const [extra, setExtra] = useState<"keys" | null>(null);
  const [tab, setTab] = useState<Stage>("new");
  const search = useRef<HTMLInputElement>(null);
  const columns = visible.value;
  const cursor = useCursor(columns, setTab);
  const byArrow = useRef<number | null>(null);
  // However it came to be opened: keys act on what is looked at.
  useEffect(() => {
    if (opened !== null) cursor.put(opened);
    if (opened !== byArrow.current) byArrow.current = null;
  }, [opened]);
  useNotice();
  useEffect(watchBoard, []);
  useEffect(watchSearch, []);
  const orders = venueBoard.value.orders;
  const done = venueBoard.value.done;
  useEffect(() => wantSummaries([...orders.keys(), ...done.map((order) => order.id)]), [orders, done]);

  const show = useCallback((id: number): void => {
    setAccepting(null);
    open(id);
  }, []);
  const move = useCallback((id: number, wanted: CardMove | "refuse"): void => {
    const order = venueBoard.peek().orders.get(id);
    if (order === undefined) return;
    const receipt = receiptOf(id);
    const pending = order.status === "PENDING";
    if (wanted === "accept" && pending) {
      setAccepting(id);
      open(id);
    } else if (wanted === "send" && isUnsent(order)) void sendToKitchen(order, numberOf(order, receipt));
    else if (wanted === "handOver" && mayGoByOneKey(order, receipt)) void handOver(order, numberOf(order, receipt));
    else if (wanted === "pay" && receipt?.status === 1 && hasRole("cashier", "manager")) setQuestion({ kind: "pay", id });
    else if (wanted === "refuse" && (pending || !isPaid(receipt) || hasRole("manager"))) setQuestion({ kind: "refuse", id });
    // What this key would do is not to be done here, or not without looking: the order tells why.
    else if (!pending) open(id);
  }, []);

  /** Only that very question: what was sent may be answered when another one is open. */
  function answered(which: Question): void {
    setQuestion((now) => (now === which ? null : now));
  }

  function press(pressed: Pressed): boolean {
    const target = opened ?? cursor.current;
    if (pressed === "search") search.current?.focus();
    else if (pressed === "help") setExtra("keys");
    else if (pressed === "close") {
      if (opened !== null) close();
      else searched.value = "";
    } else if (target === null) return false;
    else if (pressed === "open") show(target);
    else move(target, pressed);
    return true;
  }
  useKeys(press, (way) => {
    const next = cursor.go(way);
    // What is looked at goes along: keys act upon nothing else.
    if (next === null || opened === null) return;
    byArrow.current = next;
    show(next);
  });

  return (
    <Shell>
      <div class={opened === null ? "board" : "board is-open"}>
        <div class="board-main">
          <header class="board-head">
            <h1>{board.title}</h1>
            {hasRole("cashier", "manager") && <LatePapers />}
            <SearchField field={search} />
            <Button look="plain" icon={Keyboard} label={board.keysTitle} onClick={() => setExtra("keys")} class="board-keys-button" />
          </header>
          <Papers />
          <Found onOpen={show} />
          <Tabs chosen={tab} onChoose={setTab} />
          {boardLoading.value ? (
            <Loading />
          ) : (
            <div class="board-columns" onFocusIn={(event) => focusedCard(event, cursor.put)}>
              {STAGES.map((stage) => (
                <Column key={stage} stage={stage} rows={columns[stage]} current={cursor.current} chosen={tab === stage} onOpen={show} onMove={move} />
              ))}
            </div>
          )}
        </div>
        {opened !== null && <OrderPanel id={opened} inPassing={byArrow.current === opened} accepting={accepting === opened} onClose={close} onAsk={(kind) => setQuestion({ kind, id: opened })} />}
      </div>
      <Announcement />
      {question?.kind === "refuse" && <RefuseDialog id={question.id} onClose={() => answered(question)} />}
      {question?.kind === "pay" && <PaymentDialog id={question.id} onClose={() => answered(question)} />}
      {extra === "keys" && <KeysHelp onClose={() => setExtra(null)} />}
    </Shell>
  );
}

/** Tell whose card has been given the focus. */
function focusedCard(event: FocusEvent, tell: (id: number) => void): void {
  const card = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-order]") : null;
  if (card) tell(Number(card.dataset.order));
}

/** Whether it may be handed over without a question: it is ready. What is still being made leaves by its panel only. */
function mayGoByOneKey(order: OrderCard, receipt: ReceiptCard | undefined): boolean {
  return stageOf(order, receipt) === "ready" && !isHandedOver(receipt);
}

/** Which order is open: the one of the address, so that going back closes it. */
function useOpened(): { opened: number | null; open: (id: number) => void; close: () => void } {
  const { query, route } = useLocation();
  const wanted = Number(query.order);
  const opened = Number.isSafeInteger(wanted) && wanted > 0 ? wanted : null;
  const latest = useRef({ opened, pushed: false });
  latest.current.opened = opened;
  const open = useCallback((id: number): void => {
    const { opened: before } = latest.current;
    if (before === id) return;
    if (before === null) latest.current.pushed = true;
    route(`/board?order=${id}`, before !== null);
  }, []);
  const close = useCallback((): void => {
    if (latest.current.opened === null) return;
    const { pushed } = latest.current;
    latest.current.pushed = false;
    if (pushed) history.back();
    else route("/board", true);
  }, []);
  return { opened, open, close };
}

function SearchField({ field }: { field: { current: HTMLInputElement | null } }): JSX.Element {
  const { board } = messages();
  return (
    <label class="board-search">
      <span class="visually-hidden">{board.searchLabel}</span>
      <Icon of={Search} />
      <input
        ref={field}
        class="input"
        type="search"
        autocomplete="off"
        placeholder={board.searchLabel}
        value={searched.value}
        onInput={(event) => (searched.value = event.currentTarget.value)}
        data-testid="search"
      />
    </label>
  );
}

function Tabs({ chosen, onChoose }: { chosen: Stage; onChoose: (stage: Stage) => void }): JSX.Element {
  const { board } = messages();
  const columns = visible.value;
  return (
    <div class="board-tabs" role="group" aria-label={board.title}>
      {STAGES.map((stage) => (
        <button key={stage} type="button" class={`board-tab is-${stage}`} aria-pressed={stage === chosen} onClick={() => onChoose(stage)} data-testid={`tab-${stage}`}>
          <span>{board.columns[stage]}</span>
          <b>{columns[stage].length}</b>
        </button>
      ))}
    </div>
  );
}

/** For those who hear the screen: how many wait. */
function Announcement(): JSX.Element {
  const { board } = messages();
  const waiting = layout.value.new.length;
  return (
    <p class="visually-hidden" role="status">
      {waiting > 0 ? board.arrived(waiting) : ""}
    </p>
  );
}
