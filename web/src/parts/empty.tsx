import type { IconNode } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { messages } from "~/i18n";
import { Icon } from "./icon";

/** Says that there is nothing, and perhaps what to do about it. */
export function Empty({ icon, children }: { icon?: IconNode; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      {icon && <Icon of={icon} />}
      <p>{children ?? messages().common.nothing}</p>
    </div>
  );
}

/** Says that something is on its way. */
export function Loading(): JSX.Element {
  return (
    <div class="empty" role="status">
      <span class="spinner" aria-hidden="true" />
      <p>{messages().common.loading}</p>
    </div>
  );
}
