import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { messages } from "~/i18n";
import { Field } from "~/parts/field";
import { parseNumber } from "./form-model";

interface Props {
  label: string;
  value: number | null;
  /** Nothing is told while what stands there is no number; the form then is not saved (`MISTYPED`). */
  onInput: (value: number | null) => void;
  /** Whether there may be no price at all. */
  optional?: boolean;
  error: string | null;
}

/** What marks a field in which something stands that cannot be sent. */
export const MISTYPED = "is-mistyped";

/** A price among others of a list, a number as soon as what was typed is one. */
export function PriceField({ label, value, onInput, optional, error }: Props): JSX.Element {
  const { form } = messages().setup;
  const [text, setText] = useState(written(value));
  const told = useRef(value);
  if (value !== told.current) {
    // Not what was typed here: somebody else's was taken over.
    told.current = value;
    setText(written(value));
  }
  const none = optional === true && text.trim() === "";
  const wrong = !none && parseNumber(text) === null;
  return (
    <div class={wrong ? MISTYPED : undefined}>
      <Field
        label={label}
        value={text}
        inputMode="decimal"
        error={wrong ? form.notNumber : error}
        onInput={(next) => {
          setText(next);
          const number = parseNumber(next);
          if (number === null && !(optional === true && next.trim() === "")) return;
          told.current = number;
          onInput(number);
        }}
      />
    </div>
  );
}

function written(value: number | null): string {
  return value === null ? "" : String(value);
}
