import { Plus, Trash2, X } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { clock } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Choice, Field } from "~/parts/field";
import { Several } from "./form-fields";
import { optionsOf } from "./menu-fields";
import type { AcceptDeadline, DeadlineStep, Resource } from "./resources";

const ACTIONS = ["remind", "escalate", "accept", "ignore"] as const;
const FIRST: DeadlineStep = { after_s: 60, action: "remind" };

interface Props {
  value: readonly AcceptDeadline[];
  onChange: (value: AcceptDeadline[]) => void;
  saleTypes: readonly Resource[];
  errors: ReadonlyMap<string, string>;
}

/** What happens to orders that nobody accepts: ladders of steps, each for some sale types; the first that fits counts. */
export function Deadlines({ value, onChange, saleTypes, errors }: Props): JSX.Element {
  const { policies } = messages().setup;
  const replace = (index: number, ladder: AcceptDeadline): void => onChange(value.map((one, at) => (at === index ? ladder : one)));
  return (
    <div class="setup-ladders">
      {value.length === 0 && <p class="field-hint">{policies.noLadder}</p>}
      {errors.has("accept_deadlines") && (
        <span class="field-error" role="alert">
          {errors.get("accept_deadlines")}
        </span>
      )}
      {value.map((ladder, index) => (
        <Ladder
          key={index}
          number={index}
          ladder={ladder}
          saleTypes={saleTypes}
          errors={errors}
          onChange={(next) => replace(index, next)}
          onRemove={() => onChange(value.filter((_one, at) => at !== index))}
        />
      ))}
      <Button icon={Plus} onClick={() => onChange([...value, { sale_types: [], steps: [FIRST] }])} testId="add-ladder">
        {policies.addLadder}
      </Button>
    </div>
  );
}

function Ladder(props: {
  number: number;
  ladder: AcceptDeadline;
  saleTypes: readonly Resource[];
  errors: ReadonlyMap<string, string>;
  onChange: (ladder: AcceptDeadline) => void;
  onRemove: () => void;
}): JSX.Element {
  const { policies } = messages().setup;
  const { ladder, number, onChange } = props;
  const setStep = (index: number, part: Partial<DeadlineStep>): void =>
    onChange({ ...ladder, steps: ladder.steps.map((step, at) => (at === index ? { ...step, ...part } : step)) });
  const last = ladder.steps[ladder.steps.length - 1];
  // What is wrong with the steps together, or with the ladder, stands under them.
  const wrong = [`accept_deadlines[${number}].steps`, `accept_deadlines[${number}]`].map((path) => props.errors.get(path)).find(Boolean);
  return (
    <fieldset class="setup-ladder" data-testid={`ladder-${number}`}>
      <legend class="visually-hidden">{policies.ladder(number + 1)}</legend>
      <Several label={policies.saleTypes} options={optionsOf(props.saleTypes)} none={policies.everySaleType} value={ladder.sale_types} onChange={(sale_types) => onChange({ ...ladder, sale_types })} />
      <ol class="setup-steps-list">
        {ladder.steps.map((step, index) => (
          <Step
            key={index}
            step={step}
            error={props.errors.get(`accept_deadlines[${number}].steps[${index}].after_s`) ?? null}
            testId={`step-${number}-${index}`}
            onChange={(part) => setStep(index, part)}
            {...(ladder.steps.length > 1 ? { onRemove: () => onChange({ ...ladder, steps: ladder.steps.filter((_one, at) => at !== index) }) } : {})}
          />
        ))}
      </ol>
      {wrong !== undefined && (
        <span class="field-error" role="alert" data-testid={`ladder-problem-${number}`}>
          {wrong}
        </span>
      )}
      <div class="setup-ladder-foot">
        <Button
          icon={Plus}
          onClick={() => onChange({ ...ladder, steps: [...ladder.steps, { after_s: (last?.after_s ?? 0) + 60, action: "escalate" }] })}
          testId={`add-step-${number}`}
        >
          {policies.addStep}
        </Button>
        <Button look="bad" icon={Trash2} onClick={props.onRemove}>
          {policies.removeLadder}
        </Button>
      </div>
    </fieldset>
  );
}

function Step(props: { step: DeadlineStep; error: string | null; testId: string; onChange: (part: Partial<DeadlineStep>) => void; onRemove?: () => void }): JSX.Element {
  const { policies, form } = messages().setup;
  const { step } = props;
  const bad = !(step.after_s >= 1);
  return (
    <li class="setup-step">
      <Field
        label={policies.afterSeconds}
        value={bad ? "" : String(step.after_s)}
        inputMode="numeric"
        onInput={(text) => props.onChange({ after_s: /^\d{1,6}$/.test(text.trim()) ? Number(text) : 0 })}
        error={bad ? form.notWhole : props.error}
        testId={props.testId}
        {...(bad ? {} : { hint: policies.afterClock(clock(step.after_s)) })}
      />
      <Choice label={policies.action} value={step.action} options={ACTIONS.map((value) => ({ value, text: policies.actions[value] }))} onChange={(action) => props.onChange({ action })} testId={`${props.testId}-action`} />
      {props.onRemove && <Button look="plain" icon={X} label={policies.removeStep} onClick={props.onRemove} />}
    </li>
  );
}
