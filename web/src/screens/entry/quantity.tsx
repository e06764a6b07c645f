import { Minus, Plus } from "lucide";
import type { JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { decimalOf } from "./draft";

interface Props {
  label: string;
  /** Whether the label is to be seen. */
  shown?: boolean;
  value: string;
  byWeight: boolean;
  autofocus?: boolean;
  disabled?: boolean;
  invalid?: boolean;
  /** Take the focus now. */
  wanted?: boolean;
  onWanted?: () => void;
  onInput: (value: string) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
}

/** How many, or how much: typed, or stepped. */
export function Quantity(props: Props): JSX.Element {
  const { entry } = messages();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    if (!props.wanted) return;
    input.current?.focus();
    input.current?.select();
    props.onWanted?.();
  }, [props.wanted]);
  const now = decimalOf(props.value) ?? 0;
  const step = (by: number): void => props.onInput(String(Math.max(1, Math.round((now + by) * 1_000) / 1_000)));
  return (
    <div class="field">
      <label class={props.shown ? "field-label" : "visually-hidden"} for={id}>
        {props.label}
      </label>
      <span class="stepper entry-stepper">
        <Button icon={Minus} label={entry.fewer(props.label)} disabled={props.disabled === true || now <= 1} onClick={() => step(-1)} />
        <input
          ref={input}
          id={id}
          class="input"
          inputMode={props.byWeight ? "decimal" : "numeric"}
          autocomplete="off"
          maxLength={14}
          autofocus={props.autofocus === true}
          disabled={props.disabled === true}
          aria-invalid={props.invalid === true}
          value={props.value}
          data-testid="quantity"
          onFocus={(event) => event.currentTarget.select()}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onKeyDown={props.onKeyDown}
        />
        <Button icon={Plus} label={entry.more(props.label)} disabled={props.disabled === true} onClick={() => step(1)} />
      </span>
    </div>
  );
}
