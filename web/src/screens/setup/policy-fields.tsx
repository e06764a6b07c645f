/** What the form of a venue's policies asks. */

import { messages } from "~/i18n";
import { Deadlines } from "./deadlines";
import type { FieldDescription, FieldGroup } from "./form-model";
import { optionsOf } from "./menu-fields";
import type { AcceptDeadline, Resource } from "./resources";

interface Known {
  saleTypes: readonly Resource[];
  terminals: readonly Resource[];
  stations: readonly Resource[];
  methods: readonly Resource[];
}

/** The policies of a venue, most important first. */
export function policyFields(known: Known): readonly FieldGroup[] {
  const { policies, menu } = messages().setup;
  return [
    {
      title: policies.ordersTitle,
      fields: [
        { kind: "toggle", name: "accepting_orders", label: policies.accepting, hint: policies.acceptingHint },
        ruled("send_on_accept", policies.sendOnAccept),
        ruled("price_policy", policies.price),
        ruled("unknown_item_policy", policies.unknownItem),
        ruled("unknown_modifier_policy", policies.unknownModifier),
        ruled("modifier_rules_policy", policies.modifierRules),
        ruled("service_charge_default", policies.serviceCharge),
      ],
    },
    {
      title: policies.deadlinesTitle,
      hint: policies.deadlinesHint,
      fields: [
        {
          kind: "custom",
          name: "accept_deadlines",
          label: policies.deadlinesTitle,
          wide: true,
          render: ({ value, onChange, errors }) => <Deadlines value={(value ?? []) as AcceptDeadline[]} onChange={onChange} saleTypes={known.saleTypes} errors={errors} />,
        },
      ],
    },
    {
      title: policies.kitchenTitle,
      hint: policies.kitchenHint,
      fields: [
        { kind: "number", name: "kitchen_pressing_minutes", label: policies.pressing, whole: true },
        { kind: "number", name: "kitchen_late_minutes", label: policies.late, whole: true },
      ],
    },
    {
      title: policies.placesTitle,
      fields: [
        { kind: "choice", name: "default_terminal_id", label: policies.defaultTerminal, options: optionsOf(known.terminals, policies.none) },
        { kind: "choice", name: "default_station_id", label: policies.defaultStation, options: optionsOf(known.stations, policies.none) },
        { kind: "choice", name: "cash_method_id", label: policies.cash, options: optionsOf(known.methods, policies.none) },
        { kind: "choice", name: "card_method_id", label: policies.card, options: optionsOf(known.methods, policies.none) },
      ],
    },
    {
      title: policies.venueTitle,
      fields: [
        { kind: "text", name: "name", label: menu.name, required: true },
        { kind: "text", name: "timezone", label: policies.timezone, hint: policies.timezoneHint, required: true },
        { kind: "text", name: "day_start", label: policies.dayStart, hint: policies.dayStartHint, required: true },
        { kind: "text", name: "phone", label: policies.phone },
        { kind: "text", name: "address", label: policies.address, wide: true },
      ],
    },
  ];
}

/** A policy with its rules, by the names that the server has for them. */
function ruled(name: string, texts: { readonly label: string; readonly hint: string; readonly rules: Readonly<Record<string, string>> }): FieldDescription {
  const options = Object.entries(texts.rules).map(([value, text]) => ({ value, text }));
  return { kind: "choice", name, label: texts.label, hint: texts.hint, options };
}
