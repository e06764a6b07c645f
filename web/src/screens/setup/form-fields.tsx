import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { Choice, Field } from "~/parts/field";
import type { FieldDescription, Option } from "./form-model";
import { Pictures } from "./pictures";

interface Props {
  field: FieldDescription;
  value: unknown;
  onChange: (value: unknown) => void;
  errors: ReadonlyMap<string, string>;
}

/** One field of a form, as its description says. */
export function FormField({ field, value, onChange, errors }: Props): JSX.Element {
  const error = errors.get(field.name) ?? null;
  const hint = field.hint === undefined ? {} : { hint: field.hint };
  const testId = `field-${field.name}`;
  switch (field.kind) {
    case "text":
      return <Field label={field.label} value={String(value)} onInput={onChange} error={error} required={field.required === true} testId={testId} {...hint} />;
    case "long":
      return <Field label={field.label} value={String(value)} onInput={onChange} error={error} rows={3} testId={testId} {...hint} />;
    case "number":
      return <Field label={field.label} value={String(value)} onInput={onChange} error={error} inputMode={field.whole ? "numeric" : "decimal"} testId={testId} {...hint} />;
    case "toggle":
      return <Toggle label={field.label} on={value === true} onChange={onChange} testId={testId} {...hint} />;
    case "choice":
      return <ChoiceOfOne label={field.label} options={field.options} value={value} onChange={onChange} error={error} testId={testId} {...hint} />;
    case "several":
      return <Several label={field.label} options={field.options} none={field.none} value={value as number[]} onChange={onChange} error={error} />;
    case "pictures":
      return <Pictures label={field.label} value={value as string[]} onChange={onChange} error={error} />;
    case "custom":
      return field.render({ value, onChange, errors });
  }
}

/** A switch with its label; on or off at once in the form, stored when the form is. */
export function Toggle(props: { label: string; hint?: string; on: boolean; onChange: (on: boolean) => void; disabled?: boolean; testId?: string }): JSX.Element {
  const hintId = useId();
  return (
    <label class="setup-toggle">
      <input
        type="checkbox"
        role="switch"
        checked={props.on}
        disabled={props.disabled === true}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
        data-testid={props.testId}
        {...(props.hint === undefined ? {} : { "aria-describedby": hintId })}
      />
      <span class="setup-toggle-track" aria-hidden="true" />
      <span class="setup-toggle-words">
        <span class="setup-toggle-label">{props.label}</span>
        {props.hint !== undefined && (
          <span class="field-hint" id={hintId}>
            {props.hint}
          </span>
        )}
      </span>
    </label>
  );
}

/** A choice among options of which one may stand for nothing. */
export function ChoiceOfOne(props: {
  label: string;
  hint?: string;
  options: readonly Option[];
  value: unknown;
  onChange: (value: Option["value"]) => void;
  error?: string | null;
  testId?: string;
}): JSX.Element {
  const known = props.options.some((option) => option.value === props.value);
  // What is retired is offered no more, and stays what it is until something else is chosen.
  const stray = !known && typeof props.value === "number" ? [{ value: props.value, text: `#${props.value}` }] : [];
  const options = [...props.options, ...stray];
  const index = options.findIndex((option) => option.value === (props.value ?? null));
  return (
    <div class="setup-choice">
      <Choice
        label={props.label}
        value={index}
        options={options.map((option, at) => ({ value: at, text: option.text }))}
        onChange={(at) => props.onChange(options[at]?.value ?? null)}
        {...(props.testId === undefined ? {} : { testId: props.testId })}
      />
      {props.hint !== undefined && !props.error && <span class="field-hint">{props.hint}</span>}
      {props.error && (
        <span class="field-error" role="alert">
          {props.error}
        </span>
      )}
    </div>
  );
}

/** A choice of any number; `none` says what it means to choose nothing. */
export function Several(props: {
  label: string;
  options: readonly Option[];
  none: string;
  value: readonly number[];
  onChange: (value: number[]) => void;
  error?: string | null;
}): JSX.Element {
  return (
    <fieldset class="setup-several">
      <legend class="field-label">{props.label}</legend>
      <div class="setup-several-options">
        {props.options.map((option) => {
          const id = Number(option.value);
          const on = props.value.includes(id);
          return (
            <label key={id} class={on ? "setup-pick is-on" : "setup-pick"}>
              <input
                type="checkbox"
                checked={on}
                onChange={() => props.onChange(on ? props.value.filter((one) => one !== id) : [...props.value, id])}
              />
              {option.text}
            </label>
          );
        })}
      </div>
      {props.value.length === 0 && <span class="field-hint">{props.none}</span>}
      {props.error && (
        <span class="field-error" role="alert">
          {props.error}
        </span>
      )}
    </fieldset>
  );
}
