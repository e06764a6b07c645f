import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { menu } from "~/menu";
import { toast } from "~/parts/toasts";
import type { FieldGroup } from "./form-model";
import { optionsOf } from "./menu-fields";
import { ResourceDialog } from "./resource-form";
import { ResourceList } from "./resource-list";
import { useKind, type TerminalResource } from "./resources";

/** The tills that accept orders: their names, their venues, whether they are in use. A tablet becomes one by being paired. */
export function Terminals(): JSX.Element {
  const { setup } = messages();
  const terminals = useKind("terminals");
  const venues = useKind("venues");
  const [open, setOpen] = useState<TerminalResource | "new" | null>(null);
  const venueName = (id: number): string => venues.items?.find((one) => one.id === id)?.name ?? `#${id}`;
  const groups: readonly FieldGroup[] = [
    {
      fields: [
        { kind: "text", name: "name", label: setup.menu.name, required: true },
        { kind: "choice", name: "venue_id", label: setup.stations.venue, options: optionsOf(venues.items ?? []) },
        { kind: "toggle", name: "active", label: setup.menu.active, hint: setup.devices.retiredTill },
      ],
    },
  ];
  return (
    <>
      <ResourceList
        loaded={terminals}
        about={(one) => venueName(one.venue_id)}
        onOpen={setOpen}
        add={{ text: setup.devices.addTill, onAdd: () => setOpen("new") }}
      />
      {open !== null && (
        <ResourceDialog
          kind="terminals"
          title={open === "new" ? setup.devices.addTill : open.name}
          groups={groups}
          resource={open === "new" ? null : open}
          defaults={{ active: true, venue_id: menu.value?.venue_id ?? venues.items?.[0]?.id ?? null }}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            terminals.reload();
            toast(setup.saved(saved.name));
          }}
        />
      )}
    </>
  );
}
