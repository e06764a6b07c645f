import { CircleCheck, CircleX, Printer } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask } from "~/api/client";
import type { TestPage as TestPageAnswer } from "~/api/types";
import { messages } from "~/i18n";
import { menu } from "~/menu";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { withPassword } from "~/parts/password";
import { explain, toast } from "~/parts/toasts";
import type { FieldGroup } from "./form-model";
import { optionsOf } from "./menu-fields";
import { ResourceDialog } from "./resource-form";
import { ResourceList } from "./resource-list";
import { useKind, type PrinterResource, type Resource, type StationResource } from "./resources";

/** The kitchen's stations and the printers that print their tickets. */
export function StationsTab(): JSX.Element {
  const { setup } = messages();
  return (
    <>
      <section class="setup-block" aria-labelledby="setup-stations">
        <h2 id="setup-stations">{setup.stations.stations}</h2>
        <Stations />
      </section>
      <section class="setup-block" aria-labelledby="setup-printers">
        <h2 id="setup-printers">{setup.stations.printers}</h2>
        <Printers />
      </section>
    </>
  );
}

function Stations(): JSX.Element {
  const { setup } = messages();
  const stations = useKind("stations");
  const [open, setOpen] = useState<StationResource | "new" | null>(null);
  const groups: readonly FieldGroup[] = [
    {
      fields: [
        { kind: "text", name: "name", label: setup.menu.name, required: true, wide: true },
        { kind: "toggle", name: "kitchen", label: setup.stations.kitchen, hint: setup.stations.kitchenHint },
        { kind: "toggle", name: "printable", label: setup.stations.printable, hint: setup.stations.printableHint },
        { kind: "toggle", name: "active", label: setup.menu.active },
        { kind: "long", name: "description", label: setup.menu.description, wide: true },
      ],
    },
  ];
  return (
    <>
      <ResourceList
        loaded={stations}
        about={(one) => (one.printable ? setup.stations.prints : setup.stations.screenOnly)}
        onOpen={setOpen}
        add={{ text: setup.stations.addStation, onAdd: () => setOpen("new") }}
      />
      {open !== null && (
        <ResourceDialog
          kind="stations"
          title={open === "new" ? setup.stations.addStation : open.name}
          groups={groups}
          resource={open === "new" ? null : open}
          defaults={{ active: true, kitchen: true, printable: true }}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            stations.reload();
            toast(setup.saved(saved.name));
          }}
        />
      )}
    </>
  );
}

function Printers(): JSX.Element {
  const { setup } = messages();
  const printers = useKind("printers");
  const stations = useKind("stations");
  const venues = useKind("venues");
  const [open, setOpen] = useState<PrinterResource | "new" | null>(null);
  const nameIn = (resources: readonly Resource[] | null, id: number): string => resources?.find((one) => one.id === id)?.name ?? `#${id}`;
  const groups: readonly FieldGroup[] = [
    {
      fields: [
        { kind: "text", name: "name", label: setup.menu.name, required: true },
        { kind: "choice", name: "venue_id", label: setup.stations.venue, options: optionsOf(venues.items ?? []) },
        { kind: "choice", name: "station_id", label: setup.menu.station, options: optionsOf(stations.items ?? []) },
        { kind: "text", name: "host", label: setup.stations.host, hint: setup.stations.hostHint, required: true },
        { kind: "number", name: "port", label: setup.stations.port, whole: true },
        { kind: "choice", name: "columns", label: setup.stations.columns, options: [48, 42, 32].map((value) => ({ value, text: setup.stations.columnsOf(value) })) },
        { kind: "toggle", name: "active", label: setup.menu.active },
      ],
    },
  ];
  const first = {
    active: true,
    port: 9100,
    columns: 48,
    venue_id: menu.value?.venue_id ?? venues.items?.[0]?.id ?? null,
    station_id: stations.items?.find((one) => one.active)?.id ?? null,
  };
  return (
    <>
      <ResourceList
        loaded={printers}
        about={(one) => `${nameIn(stations.items, one.station_id)} · ${nameIn(venues.items, one.venue_id)} · ${one.host}:${one.port}`}
        onOpen={setOpen}
        add={{ text: setup.stations.addPrinter, onAdd: () => setOpen("new") }}
      />
      {open !== null && (
        <ResourceDialog
          kind="printers"
          title={open === "new" ? setup.stations.addPrinter : open.name}
          groups={groups}
          resource={open === "new" ? null : open}
          defaults={first}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            printers.reload();
            toast(setup.saved(saved.name));
          }}
        >
          {open !== "new" && <TestPage id={open.id} />}
        </ResourceDialog>
      )}
    </>
  );
}

/** Why a page did not come out; an address that is refused is told with its reason, as the operator's settings have it. */
function whyNot({ reason, error }: TestPageAnswer): string {
  const { setup } = messages();
  const why = reason ? setup.stations.testReasons[reason] : "";
  return reason === "address_refused" && error ? `${why} (${error})` : why;
}

/** Sends a page to a printer now and says what became of it. */
function TestPage({ id }: { id: number }): JSX.Element {
  const { setup } = messages();
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<{ good: boolean; text: string } | null>(null);

  async function print(): Promise<void> {
    setBusy(true);
    setTold(null);
    try {
      const answer = await withPassword(() => ask<TestPageAnswer>("POST", `/hub/v1/admin/printers/${id}/test-page`));
      setTold(answer.printed ? { good: true, text: setup.stations.testPrinted } : { good: false, text: setup.stations.testFailed(whyNot(answer)) });
    } catch (error) {
      setTold({ good: false, text: explain(error) });
    } finally {
      setBusy(false);
    }
  }

  return (
    <section class="setup-test-page">
      <div>
        <h3>{setup.stations.testPage}</h3>
        <p class="field-hint">{setup.stations.testPageHint}</p>
      </div>
      <Button icon={Printer} busy={busy} onClick={() => void print()} testId="test-page">
        {setup.stations.printTestPage}
      </Button>
      {told && (
        <p class={told.good ? "setup-note is-good" : "setup-note is-bad"} role="status" data-testid="test-page-told">
          <Icon of={told.good ? CircleCheck : CircleX} />
          {told.text}
        </p>
      )}
    </section>
  );
}
