/** The frame around every screen: where one is, how the line is, who acts. */

import { BarChart3, Bell, ChefHat, CircleSlash, ClipboardList, KeyRound, LockOpen, LogOut, PhoneCall, Settings, SlidersHorizontal, Utensils, Volume2, VolumeX } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { useLocation } from "preact-iso";
import { useRef, useState } from "preact/hooks";
import type { Role } from "~/api/types";
import { chooseLanguage, language, LANGUAGES, messages, type Language } from "~/i18n";
import { clock, now } from "~/i18n/format";
import { venues } from "~/menu";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Choice } from "~/parts/field";
import { Icon } from "~/parts/icon";
import { Segments } from "~/parts/segments";
import { toastError } from "~/parts/toasts";
import { pressed, useSettled, useShift } from "~/press";
import { keysOn, soundOn, theme, type Theme } from "~/preferences";
import { chooseVenue, hasRole, hello, isOverheard, me, role, signOut, venueId } from "~/session";
import { soundAllowed } from "~/sound";
import { confirmWaiting, doubtful, dropWaiting, isReached, waiting } from "~/sync/actions";
import { board, boardStaleSince } from "~/sync/board";
import { line, outdated } from "~/sync/line";

/** What passes sooner is not worth a word. */
const STALE_SHOWN_MS = 3_000;

interface Place {
  path: string;
  name: "board" | "kitchen" | "entry" | "insights" | "setup";
  icon: IconNode;
  roles: readonly Role[];
}

/** The screens, and whose they are. */
export const PLACES: readonly Place[] = [
  { path: "/board", name: "board", icon: ClipboardList, roles: ["cashier", "call_centre", "manager"] },
  { path: "/kitchen", name: "kitchen", icon: ChefHat, roles: ["cook", "cashier", "manager"] },
  { path: "/new", name: "entry", icon: PhoneCall, roles: ["call_centre", "cashier", "manager"] },
  { path: "/insights", name: "insights", icon: BarChart3, roles: ["manager"] },
  { path: "/setup", name: "setup", icon: Settings, roles: ["manager"] },
];

/** Where a role begins its day. */
export function homeOf(who: Role): string {
  return { cashier: "/board", cook: "/kitchen", call_centre: "/new", manager: "/board" }[who];
}

/** A screen in its frame. `quiet` leaves only what a kitchen needs: whether the line is alive. */
export function Shell({ children, quiet }: { children: ComponentChildren; quiet?: boolean }): JSX.Element {
  return (
    <div class="shell">
      {!quiet && <Bar />}
      <Banners />
      <main class="page">{children}</main>
      <Doubts />
    </div>
  );
}

function Bar(): JSX.Element {
  const { common } = messages();
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  const pending = [...board.value.orders.values()].filter((order) => order.status === "PENDING").length;
  return (
    <header class="bar">
      <a class="bar-brand" href="/">
        <span class="bar-mark">
          <Icon of={Utensils} />
        </span>
        <span class="bar-brand-name">{hello.value?.brand?.name ?? me.value?.brand ?? "Comanda"}</span>
      </a>
      <nav class="bar-nav" aria-label={common.menu}>
        {PLACES.filter((place) => hasRole(...place.roles)).map((place) => (
          <a key={place.path} href={place.path} {...(path.startsWith(place.path) ? { "aria-current": "page" } : {})}>
            <Icon of={place.icon} />
            <span class="bar-nav-name">{common.nav[place.name]}</span>
            {place.name === "board" && pending > 0 && <b class="chip is-new">{pending}</b>}
          </a>
        ))}
      </nav>
      <div class="bar-end">
        <VenueChoice />
        <Overheard />
        <LineDot />
        <StopListButton />
        <Button look="plain" icon={soundOn.value ? Volume2 : VolumeX} label={`${common.sound}: ${soundOn.value ? common.on : common.off}`} onClick={() => (soundOn.value = !soundOn.value)} />
        <Button look="plain" icon={SlidersHorizontal} label={`${me.value?.name ?? me.value?.device?.name ?? ""} · ${common.appearance}`} onClick={() => setOpen(true)} testId="preferences">
          <span class="bar-who">{me.value?.name ?? me.value?.device?.name ?? ""}</span>
        </Button>
      </div>
      {open && <Preferences onClose={() => setOpen(false)} />}
    </header>
  );
}

function VenueChoice(): JSX.Element | null {
  if (venues.value.length < 2 || venueId.value === null) return null;
  return (
    <Choice
      label={messages().common.venue}
      hideLabel
      value={venueId.value}
      options={venues.value.map((venue) => ({ value: venue.id, text: venue.name }))}
      onChange={chooseVenue}
      testId="venue"
    />
  );
}

/** What is gone, one tap from wherever one is. */
export function StopListButton(): JSX.Element {
  const { stopList } = messages().board;
  const [Drawer, setDrawer] = useState<((props: { onClose: () => void }) => JSX.Element) | null>(null);
  const open = (): void => void import("~/parts/stop-list").then((loaded) => setDrawer(() => loaded.StopListDrawer), toastError);
  return (
    <>
      <Button look="plain" icon={CircleSlash} label={stopList.title} onClick={open} testId="stop-list">
        <span class="bar-word">{stopList.title}</span>
      </Button>
      {Drawer && <Drawer onClose={() => setDrawer(null)} />}
    </>
  );
}

/** That others on the network can read along. */
export function Overheard(): JSX.Element | null {
  const { common } = messages();
  if (!isOverheard.value) return null;
  return (
    <span class="chip is-new" role="img" aria-label={common.insecure} title={common.insecure} data-testid="insecure">
      <Icon of={LockOpen} />
    </span>
  );
}

/** A dot that says how the line is; screens without a bar show it too. */
export function LineDot(): JSX.Element {
  const { common } = messages();
  const { state } = line.value;
  const text = { live: common.live, connecting: common.connecting, lost: common.lostAtStart }[state];
  return <span class={`line-dot is-${state}`} role="img" aria-label={text} title={text} data-testid="line" data-state={state} />;
}

/** Language, light or dark, signing out. */
export function Preferences({ onClose }: { onClose: () => void }): JSX.Element {
  const { common } = messages();
  const languages = Object.entries(LANGUAGES).map(([value, text]) => ({ value: value as Language, text }));
  const themes = (["system", "light", "dark"] as const).map((value) => ({ value, text: common.themes[value] }));
  const who = role.value;
  const { route } = useLocation();
  const [OwnPin, setOwnPin] = useState<((props: { onClose: () => void }) => JSX.Element) | null>(null);
  const locked = (): void => {
    onClose();
    // The device stays, and the next one says who they are.
    if (me.value) route("/sign-in");
  };
  return (
    <Dialog title={me.value?.name ?? me.value?.device?.name ?? "Comanda"} onClose={onClose}>
      {who && me.value?.kind === "staff" && <p class="chip">{common.roles[who]}</p>}
      <Choice label={common.language} value={language.value} options={languages} onChange={(value) => void chooseLanguage(value)} testId="language" />
      <div class="field">
        <span class="field-label">{common.appearance}</span>
        <Segments<Theme> label={common.appearance} value={theme.value} options={themes} onChange={(value) => (theme.value = value)} />
      </div>
      <label class="switch">
        <input type="checkbox" checked={keysOn.value} onChange={(event) => (keysOn.value = event.currentTarget.checked)} data-testid="keys-on" />
        <span>{common.letterKeys}</span>
      </label>
      {me.value?.kind === "staff" && (
        <Button icon={KeyRound} testId="own-pin-open" onClick={() => void import("~/screens/setup/pin").then((loaded) => setOwnPin(() => loaded.OwnPin), toastError)}>
          {messages().setup.staff.myPin}
        </Button>
      )}
      {OwnPin && <OwnPin onClose={() => setOwnPin(null)} />}
      {me.value?.kind === "staff" && (
        <Button icon={LogOut} testId="sign-out" onClick={() => void signOut().then(locked, toastError)}>
          {me.value.device ? common.lock : common.signOut}
        </Button>
      )}
      {hello.value && <p class="field-hint">Comanda {hello.value.version}</p>}
    </Dialog>
  );
}

/**
 * What people must know before they trust the screen.
 *
 * They push the page down, so they neither come nor go while something is being tapped: the first tap of all takes the one
 * about sound away, and would miss what it was meant for.
 */
function Banners(): JSX.Element {
  const shown = useRef<Told | null>(null);
  if (!pressed.value || shown.current === null) shown.current = bannersNow();
  useShift(shown.current.kinds);
  return shown.current.banners;
}

interface Told {
  banners: JSX.Element;
  /** Which of them there are. */
  kinds: string;
}

function bannersNow(): Told {
  const { common } = messages();
  const { state, heardAt } = line.value;
  const staleSince = boardStaleSince.value;
  // What is shown is as old as the last word of the stream, or as the board that was taken without one.
  const trueUntil = staleSince ?? heardAt;
  const isLost = state === "lost";
  const isStale = !isLost && staleSince !== null && msAt(now(), staleSince) >= STALE_SHOWN_MS;
  const waits = waiting.value.length > 0;
  const { truncated } = board.value;
  const renewed = outdated.value;
  const isSilent = soundOn.value && !soundAllowed.value && hasRole("cashier", "cook", "manager");
  const banners = (
    <>
      {isLost && (
        <div class="banner is-bad" role="alert" data-testid="lost">
          <span class="spinner" aria-hidden="true" />
          {trueUntil === 0 ? common.lostAtStart : <Aging words={(tick) => common.lost(ageAt(tick, trueUntil))} />}
        </div>
      )}
      {isStale && (
        <div class="banner is-bad" role="alert" data-testid="stale">
          <span class="spinner" aria-hidden="true" />
          <Aging words={(tick) => common.stale(ageAt(tick, staleSince))} />
        </div>
      )}
      {waits && (
        <div class="banner" role="status" data-testid="waiting">
          {common.waiting(waiting.value.length)}
        </div>
      )}
      {renewed && (
        <div class="banner" role="status" data-testid="new-pages">
          {common.newPages}
          <Button onClick={() => location.reload()}>{common.takeNewPages}</Button>
        </div>
      )}
      {truncated && <div class="banner">{common.truncated}</div>}
      {isSilent && (
        <div class="banner" data-testid="sound-blocked">
          <Icon of={Bell} />
          {common.soundBlocked}
        </div>
      )}
    </>
  );
  return { banners, kinds: [isLost, isStale, waits, renewed, truncated, isSilent].join() };
}

/** Words with an age that grows every second to look at; they are heard once. */
function Aging({ words }: { words: (tick: number) => string }): JSX.Element {
  const [heard] = useState(() => words(now()));
  return (
    <>
      <span class="visually-hidden">{heard}</span>
      <span aria-hidden="true">{words(now())}</span>
    </>
  );
}

function msAt(_tick: number, since: number): number {
  return Date.now() - since;
}

/** How old what was heard at an instant of this device's clock is; `_tick` has it said anew every second. */
function ageAt(_tick: number, heardAt: number): string {
  return age(Date.now() - heardAt);
}

function age(milliseconds: number): string {
  const { common } = messages();
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return common.seconds(seconds);
  return seconds < 3_600 ? clock(seconds) : common.hours(Math.floor(seconds / 3_600));
}

/** What waited too long, or was overtaken: people decide whether it still holds. */
function Doubts(): JSX.Element | null {
  const { common } = messages();
  const one = doubtful.value[0];
  // One question comes where the last one stood, or under a finger that was on its way elsewhere.
  const settled = useSettled([one?.key ?? ""]);
  if (one === undefined || !isReached()) return null;
  return (
    <Dialog
      key={one.key}
      title={common.stillWanted}
      testId="doubt"
      mustAnswer
      onClose={() => dropWaiting(one.key)}
      foot={
        <>
          <Button onClick={() => settled() && dropWaiting(one.key)}>{common.discard}</Button>
          <Button look="primary" onClick={() => settled() && confirmWaiting(one.key)}>
            {common.send}
          </Button>
        </>
      }
    >
      <p>
        <strong>{one.label}</strong>
      </p>
      <p>{one.doubt === "overtaken" ? common.overtaken : common.old(age(Date.now() - one.at))}</p>
    </Dialog>
  );
}
