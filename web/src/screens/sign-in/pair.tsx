import { ChefHat, ChevronLeft, MonitorSmartphone } from "lucide";
import type { IconNode } from "lucide";
import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import type { DeviceKind } from "~/api/types";
import { messages } from "~/i18n";
import { clock, now } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Loading } from "~/parts/empty";
import { Field } from "~/parts/field";
import { Icon } from "~/parts/icon";
import { keep, read } from "~/preferences";
import { Frame } from "./frame";
import { Notice } from "./notice";
import { knownBrand } from "./password-form";
import { usePairing } from "./pairing";

const CODE_LASTS_S = 300;

/** Making this browser a till or a kitchen screen: it shows a code, a manager approves it, and it goes on by itself. */
export default function Pair(): JSX.Element {
  const [wanted, setWanted] = useState<{ brand: string; kind: DeviceKind } | null>(null);
  return wanted ? (
    <ShowCode brand={wanted.brand} kind={wanted.kind} onBack={() => setWanted(null)} />
  ) : (
    <ChooseKind onChoose={(brand, kind) => setWanted({ brand, kind })} />
  );
}

function ChooseKind({ onChoose }: { onChoose: (brand: string, kind: DeviceKind) => void }): JSX.Element {
  const { signIn } = messages();
  const fixed = knownBrand();
  const [brand, setBrand] = useState(read("brand") ?? "");
  const [asked, setAsked] = useState(false);

  function choose(kind: DeviceKind): void {
    const named = fixed ?? brand.trim();
    setAsked(named === "");
    if (named === "") return;
    if (fixed === null) keep("brand", named);
    onChoose(named, kind);
  }

  return (
    <Frame title={signIn.pair.title} lead={signIn.pair.lead}>
      {fixed === null && (
        <Field label={signIn.brand} hint={signIn.brandHint} value={brand} onInput={setBrand} required error={asked ? signIn.pair.brandMissing : null} testId="brand" />
      )}
      <div class="sign-kinds">
        <Kind kind="terminal" icon={MonitorSmartphone} title={signIn.pair.till} text={signIn.pair.tillText} onChoose={choose} />
        <Kind kind="kitchen" icon={ChefHat} title={signIn.pair.kitchen} text={signIn.pair.kitchenText} onChoose={choose} />
      </div>
      <a class="sign-link" href="/sign-in">
        {signIn.pair.toSignIn}
      </a>
    </Frame>
  );
}

function Kind(props: { kind: DeviceKind; icon: IconNode; title: string; text: string; onChoose: (kind: DeviceKind) => void }): JSX.Element {
  return (
    <button type="button" class="sign-kind" onClick={() => props.onChoose(props.kind)} data-testid={`pair-${props.kind}`}>
      <Icon of={props.icon} />
      <strong>{props.title}</strong>
      <span>{props.text}</span>
    </button>
  );
}

function ShowCode({ brand, kind, onBack }: { brand: string; kind: DeviceKind; onBack: () => void }): JSX.Element {
  const { common, signIn } = messages();
  const { route } = useLocation();
  const { pairing, offline, trouble } = usePairing(brand, kind, () => route(kind === "kitchen" ? "/kitchen" : "/sign-in", true));
  const leftS = pairing ? Math.max(0, (Date.parse(pairing.expires_at) - now()) / 1_000) : 0;
  return (
    <Frame title={kind === "kitchen" ? signIn.pair.kitchen : signIn.pair.till} lead={signIn.pair.instruction}>
      <div class="sign-code" aria-busy={pairing === null}>
        {pairing ? (
          <>
            <p class="sign-code-label" id="sign-code-label">
              {signIn.pair.code}
            </p>
            <p class="sign-code-text" aria-labelledby="sign-code-label" role="status" data-testid="pair-code">
              <span>{pairing.code.slice(0, 4)}</span> <span>{pairing.code.slice(4)}</span>
            </p>
            <progress class="sign-code-left" max={CODE_LASTS_S} value={leftS} aria-label={signIn.pair.validFor} />
            <p class="sign-code-clock">
              {signIn.pair.validFor} <strong data-testid="pair-left">{clock(leftS)}</strong>
            </p>
          </>
        ) : (
          trouble.waitS === 0 && trouble.text === null && <Loading />
        )}
      </div>
      <Notice trouble={trouble} />
      <ol class="sign-steps">
        {signIn.pair.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p class="sign-waiting" role="status">
        <span class="spinner" aria-hidden="true" />
        {offline ? common.lostAtStart : signIn.pair.waiting}
      </p>
      <Button look="plain" icon={ChevronLeft} onClick={onBack}>
        {common.back}
      </Button>
    </Frame>
  );
}
