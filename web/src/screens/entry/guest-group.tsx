import { Percent } from "lucide";
import type { JSX } from "preact";
import type { Guest } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { change, draft, type DiscountType } from "./draft";
import { isHeld } from "./submission";

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

function typeOf(name: string | null): DiscountType {
  if (name === null) return 0;
  return name.startsWith("percent") ? 1 : 2;
}
