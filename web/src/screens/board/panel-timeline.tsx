import type { JSX } from "preact";
import { messages } from "~/i18n";
import { clock, timeOfDay } from "~/i18n/format";
import { useTimeline, type OrderInView } from "./order-in-view";

/** The course of an order: each step with its time, and how long it took. */
export function Course({ found: { order, receipt } }: { found: OrderInView }): JSX.Element {
  const { board } = messages();
  const steps = useTimeline(order.id, `${order.updated_at} ${receipt?.updated_at ?? ""}`);
  return (
    <section>
      <h3>{board.timeline}</h3>
      <ol class="board-course" data-testid="timeline">
        {steps.map((step) => (
          <li key={step.step}>
            <time dateTime={step.at}>{timeOfDay(step.at)}</time>
            <span>{board.steps[step.step]}</span>
            {step.since_previous_s > 0 && <span class="board-panel-faint">+{clock(step.since_previous_s)}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
