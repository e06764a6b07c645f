import type { JSX } from "preact";
import type { Insights } from "~/api/types";
import { messages } from "~/i18n";
import { money, share } from "~/i18n/format";
import { channelName } from "~/parts/channel";
import { CsvLink } from "./csv-link";

interface Part {
  key: string;
  name: string;
  orders: number;
  sales: number;
}

/** Where orders came from, and how they were served. */
export function Shares({ data }: { data: Insights }): JSX.Element {
  const channels = data.by_channel.map((one) => ({ ...one, key: one.channel, name: channelName({ id: one.channel, name: one.name }) }));
  const saleTypes = data.by_sale_type.map((one) => ({ ...one, key: String(one.sale_type_id) }));
  return (
    <div class="insights-pair">
      <Bars data={data} name="channels" parts={channels} />
      <Bars data={data} name="sale_types" parts={saleTypes} />
    </div>
  );
}

function Bars({ data, name, parts }: { data: Insights; name: "channels" | "sale_types"; parts: readonly Part[] }): JSX.Element {
  const { common, insights } = messages();
  const id = `insights-${name}`;
  const most = Math.max(...parts.map((part) => part.sales), 0);
  const all = parts.reduce((sum, part) => sum + part.sales, 0);
  return (
    <section class="insights-section card" aria-labelledby={id}>
      <div class="insights-section-head">
        <h2 id={id}>{insights.tables[name]}</h2>
        <CsvLink data={data} table={name} />
      </div>
      {parts.length === 0 ? (
        <p class="insights-none">{common.nothing}</p>
      ) : (
        <ul class="insights-bars">
          {parts.map((part) => (
            <li key={part.key}>
              <p class="insights-bar-words">
                <strong>{part.name}</strong>
                <span>
                  {money(part.sales)} · {common.orders(part.orders)}
                  {all > 0 && ` · ${share(part.sales / all)}`}
                </span>
              </p>
              <div class="insights-bar" aria-hidden="true">
                <div style={{ inlineSize: `${most > 0 ? (part.sales / most) * 100 : 0}%` }} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
