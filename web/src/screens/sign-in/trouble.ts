/** What went wrong at a sign-in, and how long until another try. */

import { useState } from "preact/hooks";
import { Refused, serverNow } from "~/api/client";
import { now } from "~/i18n/format";
import { explain, wordedFields } from "~/parts/toasts";

export interface Trouble {
  /** What to say; null for nothing, and while `waitS` counts down. */
  text: string | null;
  /** Seconds until another try makes sense; 0 for now. */
  waitS: number;
  /** What the server says of one field, by its name. */
  fields: ReadonlyMap<string, string>;
  set: (error: unknown) => void;
  clear: () => void;
}

/**
 * Remember the last refusal of a form.
 *
 * `wrong` is said for credentials that do not fit; what the server says of the fields in `shown` stands at them instead.
 */
export function useTrouble(wrong: () => string, shown: readonly string[] = []): Trouble {
  const [error, setError] = useState<unknown>(null);
  const [until, setUntil] = useState(0);
  const waitS = Math.max(0, Math.ceil((until - now()) / 1_000));
  const lockedOut = error instanceof Refused && error.status === 429;
  const fields = wordedFields(error);
  const atFields = shown.some((name) => fields.has(name));
  return {
    text: error === null || lockedOut || atFields ? null : error instanceof Refused && error.status === 401 ? wrong() : explain(error),
    waitS: lockedOut ? waitS : 0,
    fields,
    set: (next) => {
      setError(next);
      setUntil(next instanceof Refused && next.status === 429 ? serverNow() + (next.retryAfterS ?? 5) * 1_000 : 0);
    },
    clear: () => setError(null),
  };
}
