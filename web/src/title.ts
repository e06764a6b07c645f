/** The window's title: where one is, and how many orders wait for an answer. */

import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { calling } from "~/bell";

const NAME = "Comanda";
const place = signal("");

effect(() => {
  const named = place.value === "" ? NAME : `${place.value} · ${NAME}`;
  document.title = calling.value > 0 ? `(${calling.value}) ${named}` : named;
});

/** Bear this title for as long as this is drawn. */
export function useTitle(title: string): void {
  useEffect(() => {
    place.value = title;
    return () => {
      place.value = "";
    };
  }, [title]);
}
