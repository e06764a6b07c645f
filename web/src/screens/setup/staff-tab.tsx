import { KeyRound } from "lucide";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { toast } from "~/parts/toasts";
import { me } from "~/session";
import type { FieldGroup } from "./form-model";
import { optionsOf } from "./menu-fields";
import { PasswordOnce } from "./password-once";
import { OwnPin } from "./pin";
import { PersonAccess } from "./person-access";
import { ResourceDialog } from "./resource-form";
import { ResourceList } from "./resource-list";
import { useKind, type UserResource } from "./resources";
import { Sessions } from "./sessions";

const ROLES = ["manager", "cashier", "cook", "call_centre"] as const;

/** Who works here: roles, venues, passwords, PINs, and who is signed in where. */
export function StaffTab(): JSX.Element {
  const { common, setup } = messages();
  const people = useKind("users");
  const venues = useKind("venues");
  const [open, setOpen] = useState<UserResource | "new" | null>(null);
  const [ownPin, setOwnPin] = useState(false);
  const [first, setFirst] = useState<{ name: string; password: string } | null>(null);
  const groups: readonly FieldGroup[] = [
    {
      fields: [
        { kind: "text", name: "name", label: setup.menu.name, required: true },
        { kind: "text", name: "username", label: setup.staff.username, hint: setup.staff.usernameHint, required: true },
        { kind: "choice", name: "role", label: setup.staff.role, options: ROLES.map((value) => ({ value, text: common.roles[value] })) },
        { kind: "toggle", name: "active", label: setup.staff.active, hint: setup.staff.activeHint },
        { kind: "several", name: "venues", label: setup.staff.venues, options: optionsOf(venues.items ?? []), none: setup.staff.everyVenue, wide: true },
      ],
    },
  ];
  return (
    <>
      <div class="setup-list-head">
        <p class="setup-lead">{setup.staff.lead}</p>
        <Button icon={KeyRound} onClick={() => setOwnPin(true)} testId="my-pin">
          {me.value?.has_pin ? setup.staff.changeMyPin : setup.staff.setMyPin}
        </Button>
      </div>
      <ResourceList
        loaded={people}
        about={(one) => `${common.roles[one.role]} · ${one.username}`}
        onOpen={setOpen}
        add={{ text: setup.staff.add, onAdd: () => setOpen("new") }}
      />
      <Sessions />
      {open !== null && (
        <ResourceDialog
          kind="users"
          title={open === "new" ? setup.staff.add : open.name}
          groups={groups}
          resource={open === "new" ? null : open}
          defaults={{ active: true, role: "cashier" }}
          onCancel={() => setOpen(null)}
          onSaved={(saved) => {
            setOpen(null);
            people.reload();
            toast(setup.saved(saved.name));
            if (saved.password !== undefined) setFirst({ name: saved.name, password: saved.password });
          }}
        >
          {open !== "new" && <PersonAccess person={open} onPassword={(password) => setFirst({ name: open.name, password })} />}
        </ResourceDialog>
      )}
      {first && <PasswordOnce {...first} onClose={() => setFirst(null)} />}
      {ownPin && <OwnPin onClose={() => setOwnPin(false)} />}
    </>
  );
}
