/** Call-centre order entry: who calls, what they want, what it costs, sent once. By keyboard alone in a few strokes. */

import "./entry.css";
import { Keyboard, RotateCcw } from "lucide";
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Shell } from "~/shell";
import { Basket } from "./basket";
import { Catalogue, clearSearch } from "./catalogue";
import { Done } from "./done";
import { draft, isBlank } from "./draft";
import { focusOn, PHONE, SEARCH, step, type Step } from "./focus";
import { GuestPart } from "./guest";
import { forgetHistory, history, repeat, stopLookup } from "./guests";
import { Help } from "./help";
import { History } from "./history";
import { asking, Options } from "./options";
import { followPrice, pricing } from "./pricing";
import { sendNow } from "./send";
import { beginAnew, followLine, isHeld, taken } from "./submission";
import { Terms } from "./terms";

export default function Entry(): JSX.Element {
  const { entry } = messages();
  const [helping, setHelping] = useState(false);
  const order = taken.value;
  useEffect(followPrice, []);
  useEffect(followLine, []);
  useEffect(() => {
    if (draft.value.lines.length === 0) focusOn(PHONE);
    return stopLookup;
  }, []);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => takeKey(event, () => setHelping(true));
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);

  function next(): void {
    beginAnew();
    clearSearch();
    forgetHistory();
    // The fields appear first.
    queueMicrotask(() => focusOn(PHONE));
  }

  return (
    <Shell>
      <div class="entry" data-step={step.value} data-testid="entry">
        <header class="entry-head">
          <h1>{entry.title}</h1>
          {order === null && <Steps />}
          <span class="entry-head-tools">
            {order === null && !isBlank.value && !isHeld.value && (
              <Button look="plain" icon={RotateCcw} label={entry.beginAnew} onClick={next} testId="begin-anew">
                <span class="entry-begin-anew">{entry.beginAnew}</span>
              </Button>
            )}
            <Button look="plain" icon={Keyboard} label={entry.keyboard} onClick={() => setHelping(true)} testId="show-help" />
          </span>
        </header>
        {order ? (
          <Done order={order} onNext={next} />
        ) : (
          <>
            <div class="entry-columns">
              <div class="entry-guest-column">
                <GuestPart />
                <History />
                <Terms />
              </div>
              <Catalogue />
              <Basket />
            </div>
            <BasketBar />
          </>
        )}
      </div>
      <Options />
      {helping && <Help onClose={() => setHelping(false)} />}
    </Shell>
  );
}

/** The parts, where not all of them are in sight at once. */
function Steps(): JSX.Element {
  const { entry, common } = messages();
  const parts: { value: Step; text: string }[] = [
    { value: "guest", text: entry.guest },
    { value: "menu", text: common.menu },
    { value: "basket", text: entry.basket },
  ];
  return (
    <nav class="entry-steps" aria-label={entry.steps}>
      {parts.map((part) => (
        <button
          key={part.value}
          type="button"
          class={`entry-step is-${part.value}`}
          {...(part.value === step.value ? { "aria-current": "step" as const } : {})}
          data-testid={`step-${part.value}`}
          onClick={() => (step.value = part.value)}
        >
          {part.text}
        </button>
      ))}
    </nav>
  );
}

/** On phones: how much is in the basket, and the way to it. */
function BasketBar(): JSX.Element | null {
  const { entry } = messages();
  const total = useComputed(() => (pricing.value.state === "fresh" ? (pricing.value.quote?.totals?.total ?? null) : null));
  const { lines } = draft.value;
  if (lines.length === 0 || step.value === "basket") return null;
  return (
    <button type="button" class="entry-bar button is-primary is-large" data-testid="basket-bar" onClick={() => (step.value = "basket")}>
      <span>
        {entry.basket} · {count(lines.length)}
      </span>
      <strong>{total.value === null ? "…" : money(total.value)}</strong>
    </button>
  );
}

/** Keys that work wherever the focus is. */
function takeKey(event: KeyboardEvent, help: () => void): void {
  if (event.defaultPrevented || event.isComposing || asking.value !== null || document.querySelector("dialog[open]") !== null) return;
  if (taken.value !== null) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void sendNow();
    return;
  }
  const target = event.target instanceof HTMLElement ? event.target : null;
  const typing = target?.matches("input:not([type=checkbox], [type=radio]), textarea, select") ?? false;
  const numeric = target?.matches('[data-testid="quantity"], [type="tel"]') ?? false;
  // Some keyboards write #, € and the like with Alt and a digit: where text is written, they do.
  const writes = typing && !numeric && target?.id !== SEARCH && !/^\d$/.test(event.key);
  if (event.altKey && /^Digit[1-5]$/.test(event.code) && !writes) {
    const past = history.value?.orders[Number(event.code.slice(5)) - 1];
    if (past === undefined || isHeld.value) return;
    event.preventDefault();
    // A key that is held down is one wish.
    if (event.repeat) return;
    repeat(past);
    focusOn(SEARCH);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isEmptySearch = target instanceof HTMLInputElement && target.id === SEARCH && target.value === "";
  if (event.key === "?" && (!typing || numeric || isEmptySearch)) {
    event.preventDefault();
    help();
  } else if (event.key === "/" && (!typing || numeric || isEmptySearch)) {
    event.preventDefault();
    focusOn(SEARCH);
  } else if (!typing && /^\p{L}$/u.test(event.key)) {
    // Typing anywhere searches products.
    focusOn(SEARCH);
  }
}
