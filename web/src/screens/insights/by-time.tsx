import { Table2 } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Insights } from "~/api/types";
import { messages } from "~/i18n";
import { calendarDay, count, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Segments } from "~/parts/segments";
import { BarChart } from "./bar-chart";
import { CsvLink } from "./csv-link";

type Measure = "sales" | "orders";

interface Bucket {
  label: string;
  orders: number;
  sales: number;
}

/** How sales and orders spread over the hours of the day, and over the days when there are several. */
export function ByTime({ data }: { data: Insights }): JSX.Element {
  const { insights } = messages();
  const hours = data.by_hour.map((one) => ({ label: `${String(one.hour).padStart(2, "0")}:00`, orders: one.orders, sales: one.sales }));
  const days = data.by_day.map((one) => ({ label: calendarDay(one.day), orders: one.orders, sales: one.sales }));
  return (
    <div class="insights-charts">
      {days.length > 1 && <Chart data={data} name="days" title={insights.tables.days} column={insights.day} buckets={days} />}
      <Chart data={data} name="hours" title={insights.tables.hours} column={insights.hour} buckets={hours} />
    </div>
  );
}

function Chart(props: { data: Insights; name: "days" | "hours"; title: string; column: string; buckets: readonly Bucket[] }): JSX.Element {
  const { insights } = messages();
  const [measure, setMeasure] = useState<Measure>("sales");
  const [table, setTable] = useState(false);
  const { name, buckets } = props;
  const id = `insights-${name}`;
  const show = measure === "sales" ? money : count;
  return (
    <section class="insights-section card" aria-labelledby={id}>
      <div class="insights-section-head">
        <h2 id={id}>{props.title}</h2>
        <div class="insights-tools">
          {!table && (
            <Segments<Measure>
              label={insights.measure}
              value={measure}
              options={[
                { value: "sales", text: insights.sales },
                { value: "orders", text: insights.orders },
              ]}
              onChange={setMeasure}
            />
          )}
          <Button icon={Table2} on={table} onClick={() => setTable(!table)} testId={`as-table-${name}`}>
            {insights.asTable}
          </Button>
          <CsvLink data={props.data} table={name} />
        </div>
      </div>
      {table ? (
        <div class="insights-scroll" tabIndex={0} role="region" aria-labelledby={id}>
          <table class="table" data-testid={`table-${name}`}>
            <thead>
              <tr>
                <th scope="col">{props.column}</th>
                <th scope="col" class="is-number">
                  {insights.orders}
                </th>
                <th scope="col" class="is-number">
                  {insights.sales}
                </th>
              </tr>
            </thead>
            <tbody>
              {buckets.map((bucket) => (
                <tr key={bucket.label}>
                  <th scope="row">{bucket.label}</th>
                  <td class="is-number">{count(bucket.orders)}</td>
                  <td class="is-number">{money(bucket.sales)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <BarChart
          label={insights.chartOf(props.title)}
          labels={buckets.map((bucket) => bucket.label)}
          values={buckets.map((bucket) => bucket[measure])}
          show={show}
          say={(index) => {
            const bucket = buckets[index];
            return bucket ? `${bucket.label} · ${money(bucket.sales)} · ${messages().common.orders(bucket.orders)}` : "";
          }}
        />
      )}
    </section>
  );
}
