import type { JSX } from "preact";
import { useCallback } from "preact/hooks";
import { ask } from "~/api/client";
import type { SessionCard } from "~/api/types";
import { messages } from "~/i18n";
import { dayAndTime } from "~/i18n/format";
import { Button } from "~/parts/button";
import { withPassword } from "~/parts/password";
import { toastError } from "~/parts/toasts";
import { useLoaded } from "./resources";
import { Unread } from "./unread";

/** Who is signed in, and ending it. */
export function Sessions(): JSX.Element {
  const { common, setup } = messages();
  const sessions = useLoaded(useCallback(() => withPassword(() => ask<SessionCard[]>("GET", "/hub/v1/admin/sessions")), []));
  const end = (session: SessionCard): void =>
    void withPassword(() => ask("DELETE", `/hub/v1/admin/sessions/${session.id}`)).then(sessions.reload, toastError);
  return (
    <section class="setup-block" aria-labelledby="setup-sessions">
      <h2 id="setup-sessions">{setup.staff.sessions}</h2>
      {sessions.items === null ? (
        <Unread error={sessions.error} onRetry={sessions.reload} />
      ) : (
        <ul class="setup-rows card">
          {sessions.items.map((session) => (
            <li key={session.id} class="setup-row is-still" data-testid={`session-${session.id}`}>
              <span class="setup-row-words">
                <strong>{session.name}</strong>
                <span>
                  {common.roles[session.role]} · {session.strength === "pin" ? setup.staff.byPin : setup.staff.byPassword} · {setup.staff.since(dayAndTime(session.created_at))}
                </span>
              </span>
              {session.current ? (
                <span class="chip is-ready">{setup.staff.thisSession}</span>
              ) : (
                <Button look="bad" onClick={() => end(session)}>
                  {setup.staff.endSession}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
