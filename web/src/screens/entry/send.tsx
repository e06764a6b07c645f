import { Send as SendIcon, TriangleAlert, WifiOff } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { timeOfDay } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Icon } from "~/parts/icon";
import { currentMenu } from "./body";
import { pending } from "./draft";
import { focusOn, focusProblem, PHONE, SEND } from "./focus";
import { failure, giveUp, hasLines, inDoubt, isHeld, problems, sending, submit, waitsForLine } from "./submission";

/** Send the order; where something is wrong, the focus goes there. */
export async function sendNow(): Promise<void> {
  const wrong = await submit();
  if (wrong !== null) focusProblem(wrong);
}

/** The button that sends the order, and what is known of an order whose answer was lost. */
export function Send(): JSX.Element {
  const { entry } = messages();
  if (inDoubt.value) return <Doubt />;
  const general = problems.value.get("form");
  return (
    <div class="entry-send">
      {waitsForLine.value && (
        <p class="entry-unknown">
          <Icon of={WifiOff} />
          {entry.keptUntilLine}
        </p>
      )}
      {(general ?? failure.value) && !isHeld.value && (
        <p class="field-error" role="alert" data-testid="send-problem">
          {general ?? failure.value}
        </p>
      )}
      <button
        id={SEND}
        type="button"
        class="button is-primary is-large is-wide"
        aria-keyshortcuts="Control+Enter"
        disabled={sending.value || waitsForLine.value || !hasLines.value || (currentMenu.value === null && !isHeld.value)}
        aria-busy={sending.value}
        data-testid="send-order"
        onClick={() => void sendNow()}
      >
        {sending.value ? <span class="spinner" aria-hidden="true" /> : <Icon of={SendIcon} />}
        {sending.value ? entry.sending : entry.sendOrder}
        <kbd class="entry-key">Ctrl ⏎</kbd>
      </button>
    </div>
  );
}

function Doubt(): JSX.Element {
  const { entry, common } = messages();
  const [leaving, setLeaving] = useState(false);
  const sent = pending.value;
  return (
    <div class="entry-doubt" role="alert" data-testid="doubt-order">
      <p class="entry-doubt-head">
        <Icon of={TriangleAlert} />
        <strong>{entry.fateUnknown}</strong>
      </p>
      <p>{entry.fateExplained(sent ? timeOfDay(new Date(sent.at).toISOString()) : "")}</p>
      {failure.value && <p class="entry-faint">{failure.value}</p>}
      <Button look="primary" size="large" wide icon={SendIcon} testId="send-again" onClick={() => void sendNow()}>
        {entry.sendAgain}
      </Button>
      <Button look="plain" wide onClick={() => setLeaving(true)} testId="give-up">
        {entry.giveUp}
      </Button>
      {leaving && (
        <Dialog
          title={entry.giveUp}
          onClose={() => setLeaving(false)}
          foot={
            <>
              <Button onClick={() => setLeaving(false)}>{common.back}</Button>
              <Button
                look="bad-strong"
                testId="give-up-sure"
                onClick={() => {
                  giveUp();
                  focusOn(PHONE);
                }}
              >
                {common.discard}
              </Button>
            </>
          }
        >
          <p>{entry.giveUpExplained}</p>
        </Dialog>
      )}
    </div>
  );
}
