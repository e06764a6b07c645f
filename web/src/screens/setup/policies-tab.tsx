import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { Empty } from "~/parts/empty";
import { Segments } from "~/parts/segments";
import { toast } from "~/parts/toasts";
import { venueId } from "~/session";
import { policyFields } from "./policy-fields";
import { ResourceForm } from "./resource-form";
import { useKind } from "./resources";
import { Unread } from "./unread";

/** What each venue does with orders by itself: whether it takes them, at whose prices, and until when somebody must accept. */
export function PoliciesTab(): JSX.Element {
  const { setup } = messages();
  const venues = useKind("venues");
  const saleTypes = useKind("sale-types");
  const terminals = useKind("terminals");
  const stations = useKind("stations");
  const methods = useKind("payment-methods");
  const [chosen, setChosen] = useState(venueId.value);
  if (venues.items === null || saleTypes.items === null || terminals.items === null || stations.items === null || methods.items === null) {
    const failed = [venues, saleTypes, terminals, stations, methods].filter((one) => one.error !== null && one.items === null);
    return <Unread error={failed[0]?.error ?? null} onRetry={() => failed.forEach((one) => one.reload())} />;
  }
  const venue = venues.items.find((one) => one.id === chosen) ?? venues.items[0];
  if (venue === undefined) return <Empty />;
  const groups = policyFields({
    saleTypes: saleTypes.items,
    terminals: terminals.items.filter((one) => one.venue_id === venue.id),
    stations: stations.items,
    methods: methods.items,
  });
  return (
    <>
      {venues.items.length > 1 && (
        <Segments label={setup.stations.venue} value={venue.id} options={venues.items.filter((one) => one.active).map((one) => ({ value: one.id, text: one.name }))} onChange={setChosen} />
      )}
      <div class="setup-section card">
        <ResourceForm key={venue.id} kind="venues" groups={groups} resource={venue} onSaved={(saved) => toast(setup.saved(saved.name))} />
      </div>
    </>
  );
}
