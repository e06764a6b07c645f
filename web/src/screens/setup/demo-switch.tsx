import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask } from "~/api/client";
import type { DemoState } from "~/api/types";
import { messages } from "~/i18n";
import { Choice } from "~/parts/field";
import { explain } from "~/parts/toasts";
import { Toggle } from "./form-fields";

const PACES = [2, 6, 12, 30, 60, 120];

/** What the demo does by itself: orders that come in, and a robot house that works on them. */
export function DemoSwitch(): JSX.Element | null {
  const { setup } = messages();
  const [state, setState] = useState<DemoState | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    ask<DemoState>("GET", "/hub/v1/demo").then(setState, (error: unknown) => setProblem(explain(error)));
  }, []);

  async function put(next: DemoState): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      setState(await ask<DemoState>("PUT", "/hub/v1/demo", { body: next }));
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  }

  const texts = setup.overview.demo;
  const paces = state === null || PACES.includes(state.per_minute) ? PACES : [...PACES, state.per_minute].sort((one, other) => one - other);
  return (
    <section class="setup-section card" aria-labelledby="setup-demo">
      <h2 id="setup-demo">{texts.title}</h2>
      <p>{texts.text}</p>
      {state && (
        <div class="setup-form-grid">
          <Toggle label={texts.orders} hint={texts.ordersHint} on={state.orders} disabled={busy} onChange={(orders) => void put({ ...state, orders })} testId="demo-orders" />
          <Toggle label={texts.house} hint={texts.houseHint} on={state.house} disabled={busy} onChange={(house) => void put({ ...state, house })} testId="demo-house" />
          <Choice
            label={texts.pace}
            value={state.per_minute}
            options={paces.map((value) => ({ value, text: texts.perMinute(value) }))}
            onChange={(per_minute) => void put({ ...state, per_minute })}
            testId="demo-pace"
          />
        </div>
      )}
      {problem !== null && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
