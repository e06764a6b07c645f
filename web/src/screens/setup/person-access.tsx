import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask } from "~/api/client";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { withPassword } from "~/parts/password";
import { toast, toastError } from "~/parts/toasts";
import { PinFields } from "./pin";
import type { UserResource } from "./resources";

/** What a person signs in with: another password, a PIN for paired devices. */
export function PersonAccess({ person, onPassword }: { person: UserResource; onPassword: (password: string) => void }): JSX.Element {
  const { setup } = messages();
  const [busy, setBusy] = useState(false);

  async function renew(): Promise<void> {
    setBusy(true);
    try {
      const told = await withPassword(() => ask<{ password: string }>("POST", `/hub/v1/admin/users/${person.id}/password`));
      onPassword(told.password);
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section class="setup-access" aria-labelledby="setup-access">
      <h3 id="setup-access">{setup.staff.access}</h3>
      {/* Whether somebody else has a PIN is not told; clearing none does no harm. */}
      <PinFields path={`/hub/v1/admin/users/${person.id}/pin`} hasPin onDone={(hasPin) => toast(hasPin ? setup.staff.pinSet : setup.staff.pinCleared)} />
      <div class="setup-access-password">
        <p class="field-hint">{setup.staff.newPasswordHint}</p>
        <Button busy={busy} onClick={() => void renew()} testId="new-password">
          {setup.staff.newPassword}
        </Button>
      </div>
    </section>
  );
}
