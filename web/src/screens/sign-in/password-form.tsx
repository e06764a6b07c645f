import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Field } from "~/parts/field";
import { keep, read } from "~/preferences";
import { hello, me, signIn } from "~/session";
import { Notice } from "./notice";
import { useTrouble } from "./trouble";

/** The brand whose people sign in here, as far as this device knows it. */
export function knownBrand(): string | null {
  return hello.value?.brand?.id ?? me.value?.brand ?? null;
}

/** Signing in by user name and password, and in the demo by one tap. */
export function PasswordForm(): JSX.Element {
  const { common, signIn: texts } = messages();
  const fixed = knownBrand();
  const [brand, setBrand] = useState(read("brand") ?? "");
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState<string | null>(null);
  const trouble = useTrouble(() => texts.wrong, ["brand", "username", "password"]);

  async function enter(as: { username: string; password: string }): Promise<void> {
    if (busy !== null) return;
    const wanted = fixed ?? brand.trim();
    setBusy(as.username);
    trouble.clear();
    try {
      await signIn(wanted, as.username, as.password);
      if (fixed === null) keep("brand", wanted);
    } catch (error) {
      trouble.set(error);
      setPassword("");
    } finally {
      setBusy(null);
    }
  }

  function submit(event: Event): void {
    event.preventDefault();
    void enter({ username: username.trim(), password });
  }

  const asked = trouble.fields;
  return (
    <>
      <DemoPeople onEnter={(person) => void enter(person)} busy={busy} />
      <form class="sign-form" onSubmit={submit} aria-label={texts.title}>
        {fixed === null && (
          <Field label={texts.brand} hint={texts.brandHint} value={brand} onInput={setBrand} autocomplete="organization" required error={asked.get("brand") ?? null} testId="brand" />
        )}
        <Field label={texts.username} value={username} onInput={setUsername} autocomplete="username" autofocus={!hello.value?.demo_people.length} required error={asked.get("username") ?? null} testId="username" />
        <Field label={common.password} type="password" value={password} onInput={setPassword} autocomplete="current-password" required error={asked.get("password") ?? null} testId="password" />
        <Notice trouble={trouble} />
        <Button type="submit" look="primary" size="large" wide busy={busy !== null} disabled={trouble.waitS > 0} testId="sign-in">
          {texts.submit}
        </Button>
      </form>
    </>
  );
}

function DemoPeople({ onEnter, busy }: { onEnter: (person: { username: string; password: string }) => void; busy: string | null }): JSX.Element | null {
  const { common, signIn: texts } = messages();
  const people = hello.value?.demo_people ?? [];
  if (people.length === 0) return null;
  return (
    <section class="sign-demo" aria-labelledby="sign-demo-title">
      <h2 id="sign-demo-title">{texts.demoTitle}</h2>
      <div class="sign-demo-people">
        {people.map((person) => (
          <Button
            key={person.username}
            class="sign-demo-person"
            busy={busy === person.username}
            disabled={busy !== null}
            onClick={() => onEnter(person)}
            testId={`enter-${person.role}`}
          >
            <span class="sign-demo-words">
              <strong>{texts.enterAs(common.roles[person.role])}</strong>
              <span>{person.username}</span>
              <span>{person.password}</span>
            </span>
          </Button>
        ))}
      </div>
      <p class="sign-or">
        <span>{texts.orPassword}</span>
      </p>
    </section>
  );
}
