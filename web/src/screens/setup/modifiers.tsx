import { Plus, X } from "lucide";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Field } from "~/parts/field";
import { PriceField } from "./price-field";
import type { Modifier } from "./resources";

/** The choices of a modifier group: name, price, whether they are offered; new ones may be taken away again. */
export function Modifiers({ value, onChange, errors }: { value: readonly Modifier[]; onChange: (value: Modifier[]) => void; errors: ReadonlyMap<string, string> }): JSX.Element {
  const { menu } = messages().setup;
  const change = (index: number, part: Partial<Modifier>): void => onChange(value.map((one, at) => (at === index ? { ...one, ...part } : one)));
  const keys = useKeys(value.length);

  function remove(index: number): void {
    keys.drop(index);
    onChange(value.filter((_one, at) => at !== index));
  }

  return (
    <fieldset class="setup-several">
      <legend class="field-label">{menu.modifiers}</legend>
      <ul class="setup-modifiers">
        {value.map((modifier, index) => (
          <li key={keys.of[index]} class={modifier.active ? "setup-modifier" : "setup-modifier is-off"}>
            <Field label={menu.name} value={modifier.name} onInput={(name) => change(index, { name })} error={errors.get(`modifiers[${index}].name`) ?? null} />
            <PriceField label={menu.extraPrice} value={modifier.price} onInput={(price) => change(index, { price: price ?? 0 })} error={errors.get(`modifiers[${index}].price`) ?? null} />
            {modifier.id === undefined ? (
              <Button look="plain" icon={X} label={menu.removeModifier} onClick={() => remove(index)} />
            ) : (
              <Button on={modifier.active} onClick={() => change(index, { active: !modifier.active })}>
                {menu.offered}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Button icon={Plus} onClick={() => onChange([...value, { name: "", price: 0, active: true }])} testId="add-modifier">
        {menu.addModifier}
      </Button>
    </fieldset>
  );
}

/** A key of each row that stays with it when one above it is taken away: new ones have no id yet. */
function useKeys(length: number): { of: readonly number[]; drop: (index: number) => void } {
  const keys = useRef({ of: [] as number[], last: 0 }).current;
  while (keys.of.length < length) keys.of.push((keys.last += 1));
  return { of: keys.of, drop: (index) => void keys.of.splice(index, 1) };
}
