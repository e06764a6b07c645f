/** The small parts of a card that go on every second, so that the card itself need not. */

import type { JSX } from "preact";
import type { OrderSummary } from "~/api/types";
import { messages } from "~/i18n";
import { clock, now, secondsSince, timeOfDay } from "~/i18n/format";

/** How long ago something was, running. */
export function Elapsed({ since }: { since: string }): JSX.Element {
  const time = clock(secondsSince(since));
  return (
    <time class="board-elapsed" dateTime={since} title={messages().board.waitingFor(time)}>
      {time}
    </time>
  );
}

/** When the order is promised for; says so when that has passed. */
export function Promised({ at, open }: { at: string; open: boolean }): JSX.Element {
  const { board } = messages();
  const late = open && secondsSince(at) > 0;
  return (
    <span class={late ? "chip is-bad" : "chip"}>
      {board.promised(timeOfDay(at))}
      {late && ` · ${board.overdue}`}
    </span>
  );
}

/** The deadline running down: a bar, and minutes and seconds with what happens then. */
export function Deadline({ created, step }: { created: string; step: OrderSummary["deadlines"][number] }): JSX.Element {
  const { board } = messages();
  const left = (Date.parse(step.due_at) - now()) / 1_000;
  const whole = (Date.parse(step.due_at) - Date.parse(created)) / 1_000;
  const share = Math.max(0, Math.min(1, whole > 0 ? left / whole : 0));
  return (
    <div class={share < 0.34 ? "board-deadline is-short" : "board-deadline"} data-testid="deadline">
      <span class="board-deadline-track" aria-hidden="true">
        <span class="board-deadline-bar" style={{ transform: `scaleX(${share})` }} />
      </span>
      <span class="board-deadline-text">{left > 0 ? board.deadline[step.action](clock(left)) : board.deadlineOver}</span>
    </div>
  );
}
