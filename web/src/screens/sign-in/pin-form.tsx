import { ChevronLeft, Delete, KeyRound } from "lucide";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, Refused, Unreachable } from "~/api/client";
import type { PersonToChoose } from "~/api/types";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Empty, Loading } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { explain } from "~/parts/toasts";
import { signInByPin } from "~/session";
import { Notice } from "./notice";
import { useTrouble } from "./trouble";

const RETRY_MS = 2_000;
const PIN_LENGTH = { least: 5, most: 12 };
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Signing in at a paired device: one's name, then one's PIN. */
export function PinForm(): JSX.Element {
  const { common, signIn } = messages();
  const [people, setPeople] = useState<readonly PersonToChoose[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [chosen, setChosen] = useState<PersonToChoose | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const fetchPeople = (): void => {
      ask<PersonToChoose[]>("GET", "/hub/v1/people").then(
        (found) => {
          setPeople(found);
          setError(null);
        },
        (problem: unknown) => {
          setError(problem);
          if (problem instanceof Unreachable) timer = setTimeout(fetchPeople, RETRY_MS);
        },
      );
    };
    fetchPeople();
    return () => clearTimeout(timer);
  }, []);
  if (chosen) return <Pad person={chosen} onBack={() => setChosen(null)} />;
  if (people === null) return error instanceof Refused ? <Empty>{explain(error)}</Empty> : <Loading />;
  if (people.length === 0) return <Empty icon={KeyRound}>{signIn.nobodyHasPin}</Empty>;
  return (
    <div class="sign-people" role="group" aria-label={signIn.whoWorks}>
      {people.map((person) => (
        <button key={person.username} type="button" class="sign-person" onClick={() => setChosen(person)} data-testid={`person-${person.username}`}>
          <span class="sign-face-of" aria-hidden="true">
            {initials(person.name)}
          </span>
          <span class="sign-person-words">
            <strong>{person.name}</strong>
            <span>{common.roles[person.role]}</span>
          </span>
        </button>
      ))}
    </div>
  );
}

function Pad({ person, onBack }: { person: PersonToChoose; onBack: () => void }): JSX.Element {
  const { signIn } = messages();
  const [pin, setPin] = useState("");
  const [busy, setBusy] = useState(false);
  const trouble = useTrouble(() => signIn.wrongPin);
  const field = useRef<HTMLInputElement>(null);
  const blocked = busy || trouble.waitS > 0;
  // Before anything is painted: a PIN is typed right after the tap on the name, and its first digits must not be lost.
  useLayoutEffect(() => field.current?.focus(), [blocked]);

  function type(next: string): void {
    trouble.clear();
    setPin(next.replace(/\D/g, "").slice(0, PIN_LENGTH.most));
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (blocked || pin.length < PIN_LENGTH.least) return;
    setBusy(true);
    try {
      await signInByPin(person.username, pin);
    } catch (error) {
      trouble.set(error);
      setPin("");
      setBusy(false);
    }
  }

  return (
    <form class="sign-pad" onSubmit={(event) => void submit(event)} aria-label={signIn.pinOf(person.name)}>
      <div class="sign-pad-person">
        <Button look="plain" icon={ChevronLeft} label={signIn.notMe} onClick={onBack} testId="pin-back" />
        <span class="sign-face-of" aria-hidden="true">
          {initials(person.name)}
        </span>
        <strong>{person.name}</strong>
      </div>
      <label class="visually-hidden" for="sign-pin">
        {signIn.pinOf(person.name)}
      </label>
      {/* The pad is the keyboard; a device's own one must not cover it. */}
      <input
        ref={field}
        id="sign-pin"
        class="sign-pin"
        type="password"
        inputMode="none"
        autocomplete="off"
        placeholder={signIn.pin}
        value={pin}
        disabled={blocked}
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onBack();
        }}
        data-testid="pin"
      />
      <Notice trouble={trouble} />
      <div class="sign-keys">
        {DIGITS.map((digit) => (
          <Key key={digit} disabled={blocked} onPress={() => type(pin + digit)} label={digit}>
            {digit}
          </Key>
        ))}
        <Key disabled={blocked || pin === ""} onPress={() => type(pin.slice(0, -1))} label={signIn.erase} quiet>
          <Icon of={Delete} />
        </Key>
        <Key disabled={blocked} onPress={() => type(`${pin}0`)} label="0">
          0
        </Key>
        <Button type="submit" look="primary" class="sign-key" busy={busy} disabled={blocked || pin.length < PIN_LENGTH.least} testId="pin-enter">
          {signIn.enter}
        </Button>
      </div>
    </form>
  );
}

function Key(props: { label: string; onPress: () => void; disabled: boolean; quiet?: boolean; children: JSX.Element | string }): JSX.Element {
  return (
    <button
      type="button"
      class={props.quiet ? "sign-key is-quiet" : "sign-key"}
      aria-label={props.label}
      disabled={props.disabled}
      // The focus stays in the field, so that the keyboard goes on working.
      onPointerDown={(event) => event.preventDefault()}
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onPress}
      data-testid={`key-${props.label}`}
    >
      {props.children}
    </button>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : undefined];
  return letters.map((word) => word?.charAt(0).toLocaleUpperCase() ?? "").join("");
}
