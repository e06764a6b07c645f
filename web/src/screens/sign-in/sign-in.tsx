import { Bell, MonitorSmartphone } from "lucide";
import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { calling } from "~/bell";
import { messages } from "~/i18n";
import { Icon } from "~/parts/icon";
import { soundOn } from "~/preferences";
import { me } from "~/session";
import { soundAllowed } from "~/sound";
import { Frame } from "./frame";
import { PasswordForm } from "./password-form";
import { PinForm } from "./pin-form";

/** Signing in: by password, or at a paired device by name and PIN. A kitchen screen needs nobody's name. */
export default function SignIn(): JSX.Element | null {
  const { route, query } = useLocation();
  const [byPassword, setByPassword] = useState(false);
  const device = me.value?.device ?? null;
  // A kitchen screen works in its own name; whoever wants to sign in there all the same asks for it: /sign-in?person=1.
  const onwards = device?.kind === "kitchen" && !("person" in query);
  useEffect(() => {
    if (onwards) route("/kitchen", true);
  }, [onwards]);
  if (onwards) return null;
  if (device === null || byPassword) return <ByPassword paired={device !== null} onPin={() => setByPassword(false)} />;
  return <AtDevice name={device.name} onPassword={() => setByPassword(true)} />;
}

function ByPassword({ paired, onPin }: { paired: boolean; onPin: () => void }): JSX.Element {
  const { signIn } = messages();
  return (
    <Frame title={signIn.title} lead={signIn.lead}>
      <PasswordForm />
      {paired ? (
        <button type="button" class="sign-link" onClick={onPin} data-testid="by-pin">
          {signIn.withPin}
        </button>
      ) : (
        <a class="sign-pairing" href="/pair" data-testid="pair-link">
          <Icon of={MonitorSmartphone} />
          <span>
            <strong>{signIn.pairLink}</strong>
            <span>{signIn.pairHint}</span>
          </span>
        </a>
      )}
    </Frame>
  );
}

function AtDevice({ name, onPassword }: { name: string; onPassword: () => void }): JSX.Element {
  const { signIn } = messages();
  return (
    <Frame title={signIn.whoWorks} lead={name}>
      {calling.value > 0 && (
        <p class="sign-calling" role="status" data-testid="calling">
          <Icon of={Bell} />
          {messages().board.arrived(calling.value)}
        </p>
      )}
      {soundOn.value && !soundAllowed.value && me.value?.device?.kind === "terminal" && <p class="field-hint">{messages().common.soundBlocked}</p>}
      <PinForm />
      <div class="sign-links">
        <a class="sign-link" href={me.value?.device?.kind === "kitchen" ? "/kitchen" : "/board"} data-testid="as-device">
          {signIn.asDevice(name)}
        </a>
        <button type="button" class="sign-link" onClick={onPassword} data-testid="by-password">
          {signIn.withPassword}
        </button>
      </div>
    </Frame>
  );
}
