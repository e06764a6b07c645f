import { Percent } from "lucide";
import type { JSX } from "preact";
import type { Guest } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { change, draft } from "./draft";
import { groupDiscount, NO_DISCOUNT } from "./group-discount";
import { isHeld } from "./submission";

/** The guest's group and what it usually gets off; it is given only when somebody says so. */
export function GuestGroup({ group }: { group: NonNullable<Guest["group"]> }): JSX.Element {
  const { entry } = messages();
  const usual = groupDiscount(group);
  const { discountType, discountValue } = draft.value;
  const given = discountType === usual?.discountType && discountValue === usual.discountValue;
  const amount = usual?.discountType === 1 ? `${count(group.discount_value)} %` : money(group.discount_value);
  return (
    <div class="entry-group">
      <span class="chip is-accepted">{group.name}</span>
      {usual && (
        <Button
          icon={Percent}
          on={given}
          disabled={isHeld.value}
          testId="group-discount"
          onClick={() => change(given ? NO_DISCOUNT : usual)}
        >
          {given ? entry.discountGiven(amount) : entry.giveDiscount(amount)}
        </Button>
      )}
    </div>
  );
}
