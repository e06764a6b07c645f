import { Copy } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { toast } from "~/parts/toasts";

/** A password that the server has just made; it is shown this once and never again. */
export function PasswordOnce({ name, password, onClose }: { name: string; password: string; onClose: () => void }): JSX.Element {
  const { common, setup } = messages();
  // Browsers copy for pages that came over TLS only; everywhere else the password is read off.
  const copy = (): void => void navigator.clipboard.writeText(password).then(() => toast(setup.staff.copied));
  return (
    <Dialog
      title={setup.staff.passwordOf(name)}
      onClose={onClose}
      testId="password-once"
      foot={
        <>
          {window.isSecureContext && (
            <Button icon={Copy} onClick={copy}>
              {setup.staff.copy}
            </Button>
          )}
          <Button look="primary" onClick={onClose} testId="password-seen">
            {common.ok}
          </Button>
        </>
      }
    >
      <p>{setup.staff.passwordOnce}</p>
      <p class="setup-secret" data-testid="first-password">
        {password}
      </p>
    </Dialog>
  );
}
