import type { JSX } from "preact";
import type { Insights } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { CsvLink } from "./csv-link";
import { spell } from "./times";

type TableName = "items" | "modifiers" | "refusals" | "stations";

interface Row {
  key: string | number;
  name: string;
  cells: readonly string[];
}

/** What sold best, why orders were refused, how busy the stations were. */
export function Tables({ data }: { data: Insights }): JSX.Element {
  const { common, insights } = messages();
  const reasons: Readonly<Record<string, string>> = common.refusalReasons;
  const sold = [insights.count, insights.sales];
  return (
    <div class="insights-pair">
      <Table
        data={data}
        name="items"
        columns={[insights.item, ...sold]}
        rows={data.top_items.map((one) => ({ key: one.product_id, name: one.name, cells: [count(one.count), money(one.sales)] }))}
      />
      <Table
        data={data}
        name="modifiers"
        columns={[insights.modifier, ...sold]}
        rows={data.top_modifiers.map((one) => ({ key: one.modifier_id, name: one.name, cells: [count(one.count), money(one.sales)] }))}
      />
      <Table
        data={data}
        name="refusals"
        columns={[insights.reason, insights.orders]}
        rows={data.refusals.map((one) => ({ key: one.reason, name: reasons[one.reason] ?? one.reason, cells: [count(one.orders)] }))}
      />
      <Table
        data={data}
        name="stations"
        columns={[insights.station, insights.tickets, insights.times.half, insights.times.most]}
        rows={data.stations.map((one) => ({ key: one.station_id, name: one.name, cells: [count(one.tickets), spell(one.p50_s), spell(one.p90_s)] }))}
      />
    </div>
  );
}

function Table({ data, name, columns, rows }: { data: Insights; name: TableName; columns: readonly string[]; rows: readonly Row[] }): JSX.Element {
  const { common, insights } = messages();
  const id = `insights-${name}`;
  return (
    <section class="insights-section card" aria-labelledby={id}>
      <div class="insights-section-head">
        <h2 id={id}>{insights.tables[name]}</h2>
        {rows.length > 0 && <CsvLink data={data} table={name} />}
      </div>
      {rows.length === 0 ? (
        <p class="insights-none">{common.nothing}</p>
      ) : (
        <div class="insights-scroll" tabIndex={0} role="region" aria-labelledby={id}>
          <table class="table" data-testid={`table-${name}`}>
            <thead>
              <tr>
                {columns.map((column, index) => (
                  <th key={column} scope="col" {...(index > 0 ? { class: "is-number" } : {})}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.key}>
                  <th scope="row">{row.name}</th>
                  {row.cells.map((cell, index) => (
                    <td key={index} class="is-number">
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
