import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, Refused } from "~/api/client";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Field } from "~/parts/field";
import { withPassword } from "~/parts/password";
import { explain, toast, worded } from "~/parts/toasts";
import { me, recognise } from "~/session";
import "./pin.css";

/** Setting or clearing one's own PIN; for everybody who works here. */
export function OwnPin({ onClose }: { onClose: () => void }): JSX.Element {
  const { setup } = messages();
  return (
    <Dialog title={setup.staff.myPin} onClose={onClose} testId="own-pin">
      <PinFields
        path="/hub/v1/session/pin"
        hasPin={me.value?.has_pin === true}
        onDone={(hasPin) => {
          toast(hasPin ? setup.staff.pinSet : setup.staff.pinCleared);
          void recognise().then(onClose, onClose);
        }}
      />
    </Dialog>
  );
}

/** A PIN to give, and taking away the one there is. */
export function PinFields({ path, hasPin, onDone }: { path: string; hasPin: boolean; onDone: (hasPin: boolean) => void }): JSX.Element {
  const { setup } = messages();
  const [pin, setPin] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function put(next: string | null): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      const told = await withPassword(() => ask<{ has_pin: boolean }>("PUT", path, { body: { pin: next } }));
      setPin("");
      onDone(told.has_pin);
    } catch (error) {
      setProblem(error instanceof Refused && error.details[0] ? worded(error.details[0]) : explain(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form
      class="setup-pin"
      onSubmit={(event) => {
        event.preventDefault();
        void put(pin);
      }}
    >
      <Field label={setup.staff.newPin} type="password" inputMode="numeric" autocomplete="new-password" value={pin} onInput={setPin} hint={setup.staff.pinHint} error={problem} maxLength={12} testId="pin-field" />
      <div class="setup-pin-buttons">
        {hasPin && (
          <Button look="bad" disabled={busy} onClick={() => void put(null)} testId="pin-clear">
            {setup.staff.clearPin}
          </Button>
        )}
        <Button type="submit" busy={busy} disabled={pin === ""} testId="pin-save">
          {setup.staff.setPin}
        </Button>
      </div>
    </form>
  );
}
