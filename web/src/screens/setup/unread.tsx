import type { JSX } from "preact";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Empty, Loading } from "~/parts/empty";
import { explainReading } from "~/parts/toasts";

/** What stands for what is not read yet, or could not be: why, and a way to try again. */
export function Unread({ error, onRetry }: { error: unknown; onRetry: () => void }): JSX.Element {
  if (error === null) return <Loading />;
  return (
    <Empty>
      {explainReading(error)} <Button onClick={onRetry}>{messages().common.retry}</Button>
    </Empty>
  );
}
