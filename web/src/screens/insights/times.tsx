import type { JSX } from "preact";
import type { Insights } from "~/api/types";
import { messages } from "~/i18n";
import { clock } from "~/i18n/format";

const LEGS = ["accept", "ready", "hand_over"] as const;

/** How long it took: half of the orders were faster than the first time, nine of ten faster than the second. */
export function Times({ data }: { data: Insights }): JSX.Element {
  const { insights } = messages();
  return (
    <section class="insights-section card" aria-labelledby="insights-times">
      <h2 id="insights-times">{insights.times.title}</h2>
      <div class="insights-legs">
        {LEGS.map((leg) => (
          <dl key={leg} class="insights-leg" data-testid={`leg-${leg}`}>
            <dt class="insights-leg-title">{insights.times[leg]}</dt>
            <dd class="insights-leg-value">{spell(data.times[leg].p50_s)}</dd>
            <dd class="insights-leg-more">{insights.times.ninetieth(spell(data.times[leg].p90_s))}</dd>
            <dd class="insights-leg-more">{messages().common.orders(data.times[leg].orders)}</dd>
          </dl>
        ))}
      </div>
      <p class="field-hint">{insights.times.hint}</p>
    </section>
  );
}

/** A duration, or a dash where nothing took time. */
export function spell(seconds: number | null): string {
  return seconds === null ? "–" : seconds > 0 && seconds < 1 ? `<${clock(1)}` : clock(seconds);
}
