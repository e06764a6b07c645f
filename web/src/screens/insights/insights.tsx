import { ChartNoAxesColumn } from "lucide";
import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { Unreachable } from "~/api/client";
import type { Insights as InsightsData } from "~/api/types";
import { messages } from "~/i18n";
import { calendarDay } from "~/i18n/format";
import { menu } from "~/menu";
import { Empty, Loading } from "~/parts/empty";
import { Field } from "~/parts/field";
import { Segments } from "~/parts/segments";
import { explain } from "~/parts/toasts";
import { venueId } from "~/session";
import { Shell } from "~/shell";
import { ByTime } from "./by-time";
import { CsvLink } from "./csv-link";
import { useFigures, useToday } from "./figures";
import "./insights.css";
import { daysOf, RANGES, rangeOf, type Days, type RangeName } from "./range";
import { Shares } from "./shares";
import { Tables } from "./tables";
import { Tiles } from "./tiles";
import { Times } from "./times";

/** What a venue took over days, live while the last of them is today. */
export default function Insights(): JSX.Element {
  const { insights } = messages();
  const { query, route } = useLocation();
  const today = useToday(venueId.value);
  const range = rangeOf(query);
  const days = today === null ? null : daysOf(range, today, query);
  const { data, error, loading } = useFigures(venueId.value, days, days !== null && days.to === today);
  const venue = menu.value?.venues.find((one) => one.id === venueId.value)?.name;
  const choose = (next: RangeName, own?: Days): void => {
    const more = next === "own" && own ? `&from=${own.from}&to=${own.to}` : "";
    route(`/insights?range=${next}${more}`, true);
  };
  return (
    <Shell>
      <div class="insights">
        <header class="insights-head">
          <div>
            <h1>{insights.title}</h1>
            <p class="insights-when" data-testid="days">
              {[venue, data && spanText(data)].filter(Boolean).join(" · ")}
            </p>
          </div>
          <div class="insights-range">
            <Segments<RangeName> label={insights.range} value={range} options={RANGES.map((value) => ({ value, text: insights.ranges[value] }))} onChange={(next) => choose(next, days ?? undefined)} />
            {range === "own" && today !== null && <OwnDays key={`${query.from ?? ""}${query.to ?? ""}`} days={days ?? { from: today, to: today }} onChoose={(own) => choose("own", own)} />}
          </div>
        </header>
        {error !== null && !(error instanceof Unreachable && data) && (
          <p class="insights-error" role="alert">
            {explain(error)}
          </p>
        )}
        {data === null ? error === null && <Loading /> : <Report data={data} stale={loading} />}
      </div>
    </Shell>
  );
}

function Report({ data, stale }: { data: InsightsData; stale: boolean }): JSX.Element {
  const { insights } = messages();
  return (
    <div class={stale ? "insights-report is-stale" : "insights-report"} aria-busy={stale} data-testid="report" data-from={data.from} data-to={data.to}>
      <Tiles data={data} />
      {data.totals.orders === 0 ? (
        <div class="card">
          <Empty icon={ChartNoAxesColumn}>{insights.empty}</Empty>
        </div>
      ) : (
        <>
          <ByTime data={data} />
          <Shares data={data} />
          <Times data={data} />
          <Tables data={data} />
        </>
      )}
      <footer class="insights-foot">
        <p>{insights.method("docs/insights.md")}</p>
        <CsvLink data={data} table="orders" text={insights.everyOrder} />
      </footer>
    </div>
  );
}

function OwnDays({ days, onChoose }: { days: Days; onChoose: (days: Days) => void }): JSX.Element {
  const { insights } = messages();
  const [from, setFrom] = useState(days.from);
  const [to, setTo] = useState(days.to);
  const choose = (next: Days): void => {
    setFrom(next.from);
    setTo(next.to);
    if (next.from !== "" && next.to !== "" && next.from <= next.to) onChoose(next);
  };
  return (
    <div class="insights-own">
      <Field label={insights.from} type="date" value={from} onInput={(next) => choose({ from: next, to })} testId="from" />
      <Field label={insights.to} type="date" value={to} onInput={(next) => choose({ from, to: next })} error={from > to ? insights.wrongOrder : null} testId="to" />
    </div>
  );
}

function spanText(data: InsightsData): string {
  return data.from === data.to ? calendarDay(data.from) : `${calendarDay(data.from)} – ${calendarDay(data.to)}`;
}
