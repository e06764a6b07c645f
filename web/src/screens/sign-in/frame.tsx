import { Moon, ShieldAlert, Sun, Utensils } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { chooseLanguage, language, LANGUAGES, messages, type Language } from "~/i18n";
import { Button } from "~/parts/button";
import { Choice } from "~/parts/field";
import { Icon } from "~/parts/icon";
import { theme } from "~/preferences";
import { hello, isOverheard, me } from "~/session";
import { useTitle } from "~/title";
import "./sign-in.css";
import { TicketRail } from "./ticket-rail";

/** The page that newcomers see first: who this is on one side, what to do on the other. */
export function Frame({ title, lead, children, wide }: { title: string; lead?: string; children: ComponentChildren; wide?: boolean }): JSX.Element {
  const { common, signIn } = messages();
  useTitle(title);
  return (
    <div class="sign">
      <header class="sign-face">
        <p class="sign-mark">
          <span class="sign-mark-sign">
            <Icon of={Utensils} />
          </span>
          Comanda
        </p>
        <TicketRail />
        <div class="sign-words">
          <p class="sign-brand">{hello.value?.brand?.name ?? me.value?.device?.name ?? "Comanda"}</p>
          <p class="sign-tagline">{signIn.tagline}</p>
        </div>
      </header>
      <div class="sign-side">
        <div class="sign-preferences">
          <LanguageChoice />
          <ThemeButton />
        </div>
        <main class={wide ? "sign-main is-wide" : "sign-main"}>
          {isOverheard.value && (
            <p class="sign-warning" role="alert" data-testid="insecure">
              <Icon of={ShieldAlert} />
              {common.insecure}
            </p>
          )}
          <div class="sign-title">
            <h1>{title}</h1>
            {lead !== undefined && <p>{lead}</p>}
          </div>
          {children}
        </main>
        <p class="sign-version">{hello.value && `Comanda ${hello.value.version}`}</p>
      </div>
    </div>
  );
}

function LanguageChoice(): JSX.Element {
  const options = Object.entries(LANGUAGES).map(([value, text]) => ({ value: value as Language, text }));
  return (
    <Choice
      label={messages().common.language}
      hideLabel
      value={language.value}
      options={options}
      onChange={(value) => void chooseLanguage(value)}
      testId="language"
    />
  );
}

function ThemeButton(): JSX.Element {
  const { common } = messages();
  const dark = theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  const next = dark ? "light" : "dark";
  return (
    <Button
      look="plain"
      icon={dark ? Sun : Moon}
      label={`${common.appearance}: ${common.themes[next]}`}
      onClick={() => (theme.value = next)}
      testId="theme"
    />
  );
}
