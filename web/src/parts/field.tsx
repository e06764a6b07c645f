import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface Props {
  /** For screens that put the focus here themselves. */
  id?: string;
  label: string;
  value: string;
  onInput: (value: string) => void;
  type?: "text" | "password" | "tel" | "search" | "number" | "date" | "email";
  hint?: string;
  error?: string | null;
  autofocus?: boolean;
  autocomplete?: string;
  inputMode?: "text" | "numeric" | "decimal" | "tel" | "search";
  maxLength?: number;
  placeholder?: string;
  disabled?: boolean;
  required?: boolean;
  rows?: number;
  testId?: string;
  onKeyDown?: (event: KeyboardEvent) => void;
}

/** A field with its label, its hint and what is wrong with it. With `rows` it takes several lines. */
export function Field(props: Props): JSX.Element {
  const own = useId();
  const id = props.id ?? own;
  const said = props.error ? `${id}-error` : props.hint ? `${id}-hint` : undefined;
  const common = {
    id,
    class: "input",
    value: props.value,
    autofocus: props.autofocus === true,
    disabled: props.disabled === true,
    required: props.required === true,
    onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
    "aria-invalid": props.error ? true : undefined,
    "aria-describedby": said,
    "data-testid": props.testId,
    placeholder: props.placeholder,
    maxLength: props.maxLength,
    onKeyDown: props.onKeyDown,
  };
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {props.label}
      </label>
      {props.rows === undefined ? (
        <input
          {...({ ...common, type: props.type ?? "text", inputMode: props.inputMode } as object)}
          autocomplete={props.autocomplete ?? "off"}
        />
      ) : (
        <textarea {...(common)} rows={props.rows} />
      )}
      {props.hint && !props.error && (
        <span class="field-hint" id={`${id}-hint`}>
          {props.hint}
        </span>
      )}
      {props.error && (
        <span class="field-error" id={`${id}-error`} role="alert">
          {props.error}
        </span>
      )}
    </div>
  );
}

/** A choice of one among a few, as a list that opens. */
export function Choice<T extends string | number>(props: {
  label: string;
  value: T;
  options: readonly { value: T; text: string }[];
  onChange: (value: T) => void;
  hideLabel?: boolean;
  testId?: string;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label class={props.hideLabel ? "visually-hidden" : "field-label"} for={id}>
        {props.label}
      </label>
      <select
        id={id}
        class="input"
        data-testid={props.testId}
        value={String(props.value)}
        onChange={(event) => {
          const chosen = props.options.find((option) => String(option.value) === event.currentTarget.value);
          if (chosen) props.onChange(chosen.value);
        }}
      >
        {props.options.map((option) => (
          <option key={option.value} value={String(option.value)}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
