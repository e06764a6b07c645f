import { UserRoundPlus } from "lucide";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Guest } from "~/api/types";
import { messages } from "~/i18n";
import { count } from "~/i18n/format";
import { Field } from "~/parts/field";
import { Icon } from "~/parts/icon";
import { isDelivery } from "./body";
import { change, draft } from "./draft";
import { ADDRESS, focusOn, NAME, PHONE, SEARCH } from "./focus";
import { GuestGroup } from "./guest-group";
import { loadHistory, lookup, onceFound, stopLookup, takeGuest, typePhone } from "./guests";
import { isHeld, problems } from "./submission";

/** Who calls: the number first; a known guest fills the rest. */
export function GuestPart(): JSX.Element {
  const { entry } = messages();
  const { name, address, guest } = draft.value;
  useEffect(() => {
    if (guest) void loadHistory(guest.id);
  }, [guest?.id]);
  return (
    <section class="entry-card" aria-labelledby="entry-guest-title">
      <h2 id="entry-guest-title" class="entry-title">
        {entry.guest}
        {guest && <span class="chip is-ready">{entry.knownGuest(guest.orders)}</span>}
      </h2>
      <PhoneField />
      {guest?.note && <p class="entry-guest-note">{guest.note}</p>}
      {guest?.group && <GuestGroup group={guest.group} />}
      <Field
        id={NAME}
        label={entry.name}
        value={name}
        onInput={(value) => change({ name: value })}
        maxLength={255}
        error={problems.value.get("name") ?? null}
        disabled={isHeld.value}
        onKeyDown={onEnter(() => focusOn(isDelivery.value ? ADDRESS : SEARCH))}
        testId="guest-name"
      />
      <Field
        id={ADDRESS}
        label={isDelivery.value ? entry.address : entry.addressOptional}
        value={address}
        onInput={(value) => change({ address: value })}
        maxLength={255}
        error={problems.value.get("address") ?? null}
        disabled={isHeld.value}
        onKeyDown={onEnter(() => focusOn(SEARCH))}
        testId="guest-address"
      />
    </section>
  );
}

function onEnter(act: () => void): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    act();
  };
}

/** Go to the first field that still wants something. */
function goOn(): void {
  const { name, address } = draft.value;
  if (name.trim() === "") focusOn(NAME);
  else focusOn(isDelivery.value && address.trim() === "" ? ADDRESS : SEARCH);
}

function choose(guest: Guest | null): void {
  if (guest) takeGuest(guest);
  else stopLookup();
  goOn();
}

function PhoneField(): JSX.Element {
  const { entry } = messages();
  const { state, guests } = lookup.value;
  const [active, setActive] = useState(0);
  const error = problems.value.get("phone");
  const open = guests.length > 0;
  // The last choice is somebody who is not known yet.
  const last = guests.length;

  function onKeyDown(event: KeyboardEvent): void {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      if (state === "asking") onceFound((found) => (found.length === 1 ? choose(found[0] ?? null) : found.length === 0 && goOn()));
      else choose(guests[active] ?? null);
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      setActive((active + (event.key === "ArrowDown" ? 1 : last)) % (last + 1));
    } else if (open && event.key === "Escape") {
      event.preventDefault();
      stopLookup();
    }
  }

  return (
    <div class="field entry-phone">
      <label class="field-label" for={PHONE}>
        {entry.phone}
      </label>
      <input
        id={PHONE}
        class="input entry-phone-input"
        type="tel"
        inputMode="tel"
        autocomplete="off"
        maxLength={40}
        role="combobox"
        list={undefined}
        aria-expanded={open}
        aria-controls="entry-guests"
        aria-autocomplete="list"
        aria-describedby={error ? "entry-phone-error" : "entry-phone-hint"}
        aria-invalid={error !== undefined}
        {...(open ? { "aria-activedescendant": `entry-guest-${active}` } : {})}
        value={draft.value.phone}
        disabled={isHeld.value}
        data-testid="guest-phone"
        onInput={(event) => {
          setActive(0);
          typePhone(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      {error && (
        <span class="field-error" id="entry-phone-error" role="alert">
          {error}
        </span>
      )}
      <span class="field-hint" id="entry-phone-hint" role="status">
        {state === "asking" && !open ? entry.lookingUp : state === "unknown" ? entry.lookupUnknown : state === "found" && !open ? entry.newNumber : ""}
      </span>
      <ul id="entry-guests" class="entry-guests" role="listbox" aria-label={entry.guestsFound} hidden={!open}>
        {guests.map((guest, index) => (
          <GuestOption key={guest.id} index={index} active={active} onChoose={() => choose(guest)}>
            <strong>{guest.name}</strong>
            <span class="entry-guest-phone">{guest.phone}</span>
            <span class="entry-guest-more">
              {[guest.address, entry.ordersBefore(guest.orders)].filter(Boolean).join(" · ")}
            </span>
          </GuestOption>
        ))}
        {open && (
          <GuestOption index={last} active={active} onChoose={() => choose(null)}>
            <span class="entry-guest-new">
              <Icon of={UserRoundPlus} /> {entry.newGuest}
            </span>
          </GuestOption>
        )}
      </ul>
      {open && (
        <span class="visually-hidden" role="status">
          {entry.guestsCount(count(guests.length))}
        </span>
      )}
    </div>
  );
}

function GuestOption(props: { index: number; active: number; onChoose: () => void; children: JSX.Element | (JSX.Element | string | null)[] }): JSX.Element {
  const { index, active, onChoose, children } = props;
  return (
    <li
      id={`entry-guest-${index}`}
      class={index === active ? "entry-guest is-active" : "entry-guest"}
      role="option"
      aria-selected={index === active}
      data-testid="guest-option"
      onClick={onChoose}
    >
      {children}
    </li>
  );
}
