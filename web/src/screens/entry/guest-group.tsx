import { Percent } from "lucide";
import type { JSX } from "preact";
import type { Guest } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { change, draft, type DiscountType } from "./draft";
import { isHeld } from "./submission";

const TYPES: Readonly<Record<string, DiscountType>> = {
  "1": 1, "%": 1, percent: 1, percentage: 1, percentage_discount: 1,
  "2": 2, amount: 2, fixed: 2, fixed_amount: 2,
};

/** The guest's group and what it usually gets off; it is given only when somebody says so. */
export function GuestGroup({ group }: { group: NonNullable<Guest["group"]> }): JSX.Element {
  const { entry } = messages();
  const type = typeOf(group.discount_type);
  const { discountType, discountValue } = draft.value;
  const given = discountType === type && discountValue === String(group.discount_value);
  const amount = type === 1 ? `${count(group.discount_value)} %` : money(group.discount_value);
  return (
    <div class="entry-group">
      <span class="chip is-accepted">{group.name}</span>
      {type !== 0 && group.discount_value > 0 && (
        <Button
          icon={Percent}
          on={given}
          disabled={isHeld.value}
          testId="group-discount"
          onClick={() => change(given ? { discountType: 0, discountValue: "" } : { discountType: type, discountValue: String(group.discount_value) })}
        >
          {given ? entry.discountGiven(amount) : entry.giveDiscount(amount)}
        </Button>
      )}
    </div>
  );
}

/** The type by its name, which is free text on the wire: of a name nobody knows no discount is offered rather than a wrong one. */
function typeOf(name: string | null): DiscountType {
  return TYPES[name?.trim().toLowerCase() ?? ""] ?? 0;
}
