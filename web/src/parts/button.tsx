import type { IconNode } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { Icon } from "./icon";

interface Props {
  children?: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  look?: "primary" | "good" | "bad" | "bad-strong" | "plain" | undefined;
  size?: "large";
  wide?: boolean;
  icon?: IconNode;
  /** What a button without text does. */
  label?: string;
  /** Under way: cannot be tapped again. */
  busy?: boolean;
  disabled?: boolean;
  on?: boolean;
  type?: "button" | "submit";
  class?: string;
  title?: string;
  testId?: string;
  controls?: { expanded: boolean; id: string };
}

const LOOKS = { primary: "is-primary", good: "is-good", bad: "is-bad", "bad-strong": "is-bad is-strong", plain: "is-plain" };

/** A button. Large enough for fingers; says what it does also where it shows only a sign. */
export function Button(props: Props): JSX.Element {
  const classes = ["button", props.class];
  if (props.look) classes.push(LOOKS[props.look]);
  if (props.size) classes.push("is-large");
  if (props.wide) classes.push("is-wide");
  if (props.on) classes.push("is-on");
  if (props.children === undefined) classes.push("is-icon");
  return (
    <button
      type={props.type ?? "button"}
      class={classes.filter(Boolean).join(" ")}
      disabled={props.disabled === true || props.busy === true}
      onClick={props.onClick}
      {...(props.label === undefined ? {} : { "aria-label": props.label })}
      {...(props.title === undefined && props.label === undefined ? {} : { title: props.title ?? props.label })}
      {...(props.on === undefined ? {} : { "aria-pressed": props.on })}
      {...(props.busy ? { "aria-busy": true } : {})}
      {...(props.testId === undefined ? {} : { "data-testid": props.testId })}
      {...(props.controls ? { "aria-expanded": props.controls.expanded, "aria-controls": props.controls.id } : {})}
    >
      {props.busy ? <span class="spinner" aria-hidden="true" /> : props.icon && <Icon of={props.icon} />}
      {props.children}
    </button>
  );
}
