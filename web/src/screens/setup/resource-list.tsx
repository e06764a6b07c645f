import { ChevronRight, Plus } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { messages } from "~/i18n";
import { folded } from "~/i18n/folded";
import { Button } from "~/parts/button";
import { Empty } from "~/parts/empty";
import { Field } from "~/parts/field";
import { Icon } from "~/parts/icon";
import type { Loaded, Resource } from "./resources";
import { Unread } from "./unread";

const SHOWN_AT_ONCE = 100;
const SEARCH_FROM = 8;

interface Props<R extends Resource> {
  loaded: Loaded<R>;
  /** What stands below the name. */
  about?: (resource: R) => string;
  /** What stands at the end of the row. */
  end?: (resource: R) => ComponentChildren;
  picture?: (resource: R) => string | null;
  onOpen: (resource: R) => void;
  add?: { text: string; onAdd: () => void };
  /** Narrows the list further, such as a choice of category. */
  filter?: { part: JSX.Element; keeps: (resource: R) => boolean };
}

/** The resources of a kind as a list to search and open. */
export function ResourceList<R extends Resource>({ loaded, about, end, picture, onOpen, add, filter }: Props<R>): JSX.Element {
  const { common, setup } = messages();
  const [search, setSearch] = useState("");
  const [retired, setRetired] = useState(false);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  if (loaded.items === null) return <Unread error={loaded.error} onRetry={loaded.reload} />;
  const wanted = folded(search.trim());
  const found = loaded.items.filter(
    (one) => (retired || one.active) && (filter?.keeps(one) ?? true) && folded(one.name).includes(wanted),
  );
  const anyRetired = loaded.items.some((one) => !one.active);
  return (
    <div class="setup-list">
      <div class="setup-list-head">
        {loaded.items.length >= SEARCH_FROM && <Field label={common.search} type="search" value={search} onInput={setSearch} testId="setup-search" />}
        {filter?.part}
        {anyRetired && (
          <Button on={retired} onClick={() => setRetired(!retired)}>
            {setup.showRetired}
          </Button>
        )}
        {add && (
          <Button look="primary" icon={Plus} onClick={add.onAdd} testId="add">
            {add.text}
          </Button>
        )}
      </div>
      {found.length === 0 ? (
        <Empty />
      ) : (
        <ul class="setup-rows card">
          {found.slice(0, shown).map((one) => (
            <li key={one.id}>
              <button type="button" class="setup-row" onClick={() => onOpen(one)} data-testid={`row-${one.id}`}>
                {picture && <Thumb address={picture(one)} />}
                <span class="setup-row-words">
                  <strong>{one.name}</strong>
                  {about && <span>{about(one)}</span>}
                </span>
                {!one.active && <span class="chip">{setup.retired}</span>}
                {end && <span class="setup-row-end">{end(one)}</span>}
                <Icon of={ChevronRight} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {found.length > shown && (
        <Button onClick={() => setShown(shown + SHOWN_AT_ONCE)}>{setup.more(found.length - shown)}</Button>
      )}
    </div>
  );
}

function Thumb({ address }: { address: string | null }): JSX.Element {
  return <span class="setup-thumb">{address !== null && <img src={address} alt="" width="44" height="44" loading="lazy" />}</span>;
}
