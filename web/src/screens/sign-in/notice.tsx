import { Hourglass, TriangleAlert } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { clock } from "~/i18n/format";
import { Icon } from "~/parts/icon";
import type { Trouble } from "./trouble";

/** Says what went wrong with a sign-in, or counts down to the next try; nothing when nothing did. */
export function Notice({ trouble }: { trouble: Trouble }): JSX.Element | null {
  const { signIn } = messages();
  if (trouble.waitS > 0) {
    return (
      <p class="sign-notice" data-testid="locked">
        <Icon of={Hourglass} />
        <span>
          <span role="alert">{signIn.tooMany}</span> <strong>{clock(trouble.waitS)}</strong>
        </span>
      </p>
    );
  }
  if (trouble.text === null) return null;
  return (
    <p class="sign-notice is-bad" role="alert" data-testid="sign-in-error">
      <Icon of={TriangleAlert} />
      {trouble.text}
    </p>
  );
}
