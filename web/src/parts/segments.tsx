import type { JSX } from "preact";
import { Button } from "./button";

/** A choice of one among a few, all of them in sight. */
export function Segments<T extends string | number>(props: {
  label: string;
  value: T | null;
  options: readonly { value: T; text: string }[];
  onChange: (value: T) => void;
}): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.options.map((option) => (
        <Button key={option.value} on={option.value === props.value} onClick={() => props.onChange(option.value)}>
          {option.text}
        </Button>
      ))}
    </div>
  );
}
