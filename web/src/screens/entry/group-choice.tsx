import { Minus, Plus } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import type { MenuModifier, MenuModifierGroup } from "~/api/types";
import { messages } from "~/i18n";
import { count, money } from "~/i18n/format";
import { Button } from "~/parts/button";
import { isFull, takenOf, type Chosen } from "./choices";

interface Props {
  group: MenuModifierGroup;
  chosen: Chosen;
  /** Whether the focus begins here. */
  first: boolean;
  onChoose: (modifierId: number, count: number) => void;
}

/** A modifier group: how many it wants is told and held to. */
export function GroupChoice({ group, chosen, first, onChoose }: Props): JSX.Element {
  const taken = takenOf(group, chosen);
  const few = taken < group.min_select;
  return (
    <NumberedChoices legend={group.name} rule={ruleOf(group)} missing={few} full={group.max_select !== null && group.max_select > 1 && isFull(group, chosen)}>
      {group.modifiers.map((modifier, index) => (
        <ModifierChoice key={modifier.id} modifier={modifier} group={group} chosen={chosen} autofocus={first && index === 0} onChoose={onChoose} />
      ))}
    </NumberedChoices>
  );
}

/** A group of choices in which the keys 1 to 9 choose. */
export function NumberedChoices(props: { legend: string; rule: string; missing: boolean; full?: boolean; children: ComponentChildren }): JSX.Element {
  function onKeyDown(event: KeyboardEvent): void {
    if (!/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const inputs = (event.currentTarget as HTMLElement).querySelectorAll<HTMLInputElement>("input");
    const input = inputs[Number(event.key) - 1];
    event.preventDefault();
    if (input === undefined || input.disabled) return;
    input.focus();
    input.click();
  }
  return (
    <fieldset class="entry-choices" onKeyDown={onKeyDown} {...(props.missing ? { "data-missing": "" } : {})}>
      <legend>
        {props.legend}
        <span class={props.missing ? "chip is-new" : props.full ? "chip is-accepted" : "chip"}>{props.rule}</span>
      </legend>
      <div class="entry-choice-list">{props.children}</div>
    </fieldset>
  );
}

function ModifierChoice(props: { modifier: MenuModifier; group: MenuModifierGroup; chosen: Chosen; autofocus: boolean; onChoose: Props["onChoose"] }): JSX.Element {
  const { entry } = messages();
  const { modifier, group, chosen, onChoose } = props;
  const times = chosen.get(modifier.id) ?? 0;
  const only = group.max_select === 1;
  const full = isFull(group, chosen);
  const blocked = full && !only && times === 0;
  return (
    <div class={times > 0 ? "entry-option is-on" : blocked ? "entry-option is-blocked" : "entry-option"}>
      <label class="entry-option-label">
        <input
          type={only && group.min_select === 1 ? "radio" : "checkbox"}
          name={`group-${group.id}`}
          checked={times > 0}
          autofocus={props.autofocus}
          disabled={blocked}
          data-testid="modifier"
          onChange={(event) => onChoose(modifier.id, event.currentTarget.checked ? 1 : 0)}
          onKeyDown={(event) => {
            if (only || times === 0) return;
            if (event.key === "+") onChoose(modifier.id, times + 1);
            else if (event.key === "-") onChoose(modifier.id, times - 1);
          }}
        />
        <span class="entry-option-name">{modifier.name}</span>
        {modifier.price > 0 && <span class="entry-option-price">+{money(modifier.price)}</span>}
      </label>
      {!only && times > 0 && (
        <span class="entry-times">
          <Button look="plain" icon={Minus} label={entry.fewer(modifier.name)} onClick={() => onChoose(modifier.id, times - 1)} />
          <output aria-label={entry.timesOf(modifier.name)}>{count(times)}</output>
          <Button look="plain" icon={Plus} label={entry.more(modifier.name)} disabled={full} onClick={() => onChoose(modifier.id, times + 1)} />
        </span>
      )}
    </div>
  );
}

function ruleOf({ min_select: least, max_select: most }: MenuModifierGroup): string {
  const { entry } = messages();
  if (most === null) return least === 0 ? entry.chooseAny : entry.chooseAtLeast(least);
  if (least === most) return entry.chooseExactly(least);
  return least === 0 ? entry.chooseUpTo(most) : entry.chooseBetween(count(least), count(most));
}
