import { Download } from "lucide";
import type { JSX } from "preact";
import type { Insights } from "~/api/types";
import { messages, type Messages } from "~/i18n";
import { Icon } from "~/parts/icon";

/** A link that downloads one table of these days. */
export function CsvLink({ data, table, text }: { data: Insights; table: keyof Messages["insights"]["tables"]; text?: string }): JSX.Element {
  const { insights } = messages();
  const query = new URLSearchParams({ venue: String(data.venue_id), from: data.from, to: data.to, table });
  return (
    <a class="button is-plain insights-csv" href={`/hub/v1/insights.csv?${query.toString()}`} download aria-label={`${text ?? insights.csv}: ${insights.tables[table]}`} data-testid={`csv-${table}`}>
      <Icon of={Download} />
      {text ?? insights.csv}
    </a>
  );
}
