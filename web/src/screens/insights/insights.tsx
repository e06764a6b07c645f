import { ChartNoAxesColumn } from "lucide";
import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import type { Insights as InsightsData } from "~/api/types";
import { messages } from "~/i18n";
import { calendarDay } from "~/i18n/format";
import { menu } from "~/menu";
import { Empty, Loading } from "~/parts/empty";
import { Field } from "~/parts/field";
import { Segments } from "~/parts/segments";
import { explainReading } from "~/parts/toasts";
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
  const { today, error: noDay } = useToday(venueId.value);
  const range = rangeOf(query);
  const days = today === null ? null : daysOf(range, today, query);
  const { data, error: noFigures, stale } = useFigures(venueId.value, days, days !== null && days.to === today);
  const error = noFigures ?? (today === null ? noDay : null);
  // What is shown keeps its own name until what was asked for has come.
  const venue = menu.value?.venues.find((one) => one.id === (data?.venue_id ?? venueId.value))?.name;
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
            {range === "own" && today !== null && <OwnDays days={days ?? { from: today, to: today }} onChoose={(own) => choose("own", own)} />}
          </div>
        </header>
        {error !== null && (
          <p class="insights-error" role="alert">
            {explainReading(error)}
          </p>
        )}
        {data === null ? error === null && <Loading /> : <Report data={data} stale={stale} />}
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

const TYPING_MS = 600;
/** Years that are still being typed are none. */
const EARLIEST = "2000-01-01";

function OwnDays({ days, onChoose }: { days: Days; onChoose: (days: Days) => void }): JSX.Element {
  const { insights } = messages();
  const [from, setFrom] = useState(days.from);
  const [to, setTo] = useState(days.to);
  // The address may change by itself, as when one goes back.
  useEffect(() => {
    setFrom(days.from);
    setTo(days.to);
  }, [days.from, days.to]);
  // A date is typed digit by digit, and each of them makes a day: only what is left standing is asked for.
  useEffect(() => {
    if (from === days.from && to === days.to) return;
    if (from === "" || to === "" || from > to || from < EARLIEST) return;
    const timer = setTimeout(() => onChoose({ from, to }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [from, to]);
  return (
    <div class="insights-own">
      <Field label={insights.from} type="date" value={from} onInput={setFrom} testId="from" />
      <Field label={insights.to} type="date" value={to} onInput={setTo} error={from > to ? insights.wrongOrder : null} testId="to" />
    </div>
  );
}

function spanText(data: InsightsData): string {
  return data.from === data.to ? calendarDay(data.from) : `${calendarDay(data.from)} – ${calendarDay(data.to)}`;
}
