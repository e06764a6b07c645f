/** What a PIN does not suffice for: ask for the password, and do it then. */

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Refused } from "~/api/client";
import { messages } from "~/i18n";
import { confirmPassword } from "~/session";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Field } from "./field";
import { explain } from "./toasts";

const asked = signal<((confirmed: boolean) => void) | null>(null);

/**
 * Do something, asking for the password in between when the server wants it.
 *
 * Throws what `doing` throws; its refusal `password_needed` when the person does not confirm.
 */
export async function withPassword<T>(doing: () => Promise<T>): Promise<T> {
  const before = confirmations;
  try {
    return await doing();
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "password_needed") throw error;
    // Somebody confirmed while this was on its way: it may be done now.
    if (before === confirmations && !(await confirmed())) throw error;
    return doing();
  }
}

let confirmations = 0;
let question: Promise<boolean> | null = null;

/** Ask once for all that wait for the answer. */
function confirmed(): Promise<boolean> {
  question ??= new Promise<boolean>((resolve) => (asked.value = resolve)).then((yes) => {
    asked.value = null;
    question = null;
    if (yes) confirmations += 1;
    return yes;
  });
  return question;
}

/** Where the password is asked for. */
export function PasswordQuestion(): JSX.Element | null {
  return asked.value === null ? null : <Question answer={asked.value} />;
}

function Question({ answer }: { answer: (confirmed: boolean) => void }): JSX.Element {
  const { common } = messages();
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await confirmPassword(password);
      answer(true);
    } catch (problem) {
      setError(problem instanceof Refused && problem.status === 401 ? common.wrongPassword : explain(problem));
      setBusy(false);
    }
  }

  return (
    <Dialog title={common.passwordNeeded} onClose={() => answer(false)}>
      <form class="panel" onSubmit={(event) => void submit(event)}>
        <Field label={common.password} type="password" autocomplete="current-password" value={password} onInput={setPassword} error={error} autofocus />
        <Button type="submit" look="primary" busy={busy}>
          {common.confirm}
        </Button>
      </form>
    </Dialog>
  );
}
