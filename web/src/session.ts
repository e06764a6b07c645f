/** Who acts on this device, for which brand and in which venue. */

import { computed, signal } from "@preact/signals";
import { ask, onSessionLapsed, onSomebodyElse, Refused, setCsrfToken } from "~/api/client";
import type { CallerCard, Hello, Role, SignedIn } from "~/api/types";
import { actAs } from "~/sync/actions";
import { closeBoard } from "~/sync/board";
import { onStreamSignedOut, resetLine } from "~/sync/line";
import { keptVenue, keepVenue } from "~/preferences";

const caller = signal<CallerCard | null | undefined>(undefined);
const greeting = signal<Hello | null>(null);
const chosenVenue = signal<number | null>(keptVenue());

/** Who acts: undefined while nobody knows yet, null for nobody. */
export const me = computed(() => caller.value);
/** What the server says of itself; null until it has. */
export const hello = computed(() => greeting.value);
/** What the one who acts works as; a paired device works like a cashier, a kitchen screen like a cook. */
export const role = computed<Role | null>(() => {
  const known = caller.value;
  if (!known) return null;
  if (known.role) return known.role;
  return known.device?.kind === "kitchen" ? "cook" : "cashier";
});
/** Whether the one who acts may set things up: what a brand has is for managers of all its venues. */
export const managesBrand = computed(() => role.value === "manager" && (caller.value?.venues ?? []).length === 0);
/** The venue that is worked in; null until it is chosen. */
export const venueId = computed(() => caller.value?.venue_id ?? chosenVenue.value);

const RETRY_MS = 1_500;
let recognising = 0;
let recognised = 0;

const HERE = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Whether what this page sends goes over the network in the clear. */
export const isOverheard = computed(() => greeting.value?.secure === false && !HERE.has(location.hostname));

/** Find out who is signed in. Throws Refused or Unreachable when the server does not say. */
export async function recognise(): Promise<void> {
  const mine = (recognising += 1);
  const [greeted, acting] = await Promise.all([ask<Hello>("GET", "/hub/v1/hello"), acts()]);
  // What was asked for later is known better.
  if (mine < recognised) return;
  recognised = mine;
  greeting.value = greeted;
  become(acting);
}

let findingOut: Promise<void> | null = null;
let findOutAgain = false;

/** Find out who is signed in, however long the server is away; `whenAway` hears of each try in vain. */
export function recogniseInTheEnd(whenAway: () => void = () => undefined): Promise<void> {
  // What is being asked just now may be answered as it was before.
  findOutAgain = findingOut !== null;
  findingOut ??= findOut(whenAway).finally(() => (findingOut = null));
  return findingOut;
}

async function findOut(whenAway: () => void): Promise<void> {
  do {
    findOutAgain = false;
    try {
      await recognise();
    } catch {
      findOutAgain = true;
      whenAway();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } while (findOutAgain);
}

async function acts(): Promise<CallerCard | null> {
  try {
    return await ask<CallerCard>("GET", "/hub/v1/session");
  } catch (error) {
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

/** Sign in with a password. Throws Refused or Unreachable. */
export async function signIn(brand: string, username: string, password: string): Promise<void> {
  await begun(ask<SignedIn>("POST", "/hub/v1/session", { body: { brand, username, password } }));
}

/** Sign in at a paired device with a PIN. Throws Refused or Unreachable. */
export async function signInByPin(username: string, pin: string): Promise<void> {
  await begun(ask<SignedIn>("POST", "/hub/v1/session/pin", { body: { username, pin } }));
}

/** Show once more with the password that it is really this person; for what a PIN does not suffice for. */
export async function confirmPassword(password: string): Promise<void> {
  await begun(ask<SignedIn>("POST", "/hub/v1/session/confirm", { body: { password } }));
}

const leaving = new Set<(actor: string) => void>();

/** Call `listener` when somebody signs out for good, and not only locks the till they work at. */
export function onSignOut(listener: (actor: string) => void): void {
  leaving.add(listener);
}

/** End the session; the device stays paired. Throws Unreachable. */
export async function signOut(): Promise<void> {
  const who = caller.peek();
  // What has to be forgotten may not have been loaded yet on this page.
  await import("~/screens/entry/draft").catch(() => null);
  await ask("DELETE", "/hub/v1/session");
  if (who && !who.device) for (const listener of leaving) listener(who.actor);
  try {
    await recognise();
  } catch (error) {
    // Whoever has signed out is gone, also while nobody says who acts here now: nothing of theirs stays in sight.
    become(null);
    void recogniseInTheEnd();
    throw error;
  }
}

/** Work in this venue from now on. */
export function chooseVenue(id: number): void {
  chosenVenue.value = id;
  keepVenue(id);
}

/** Whether the one who acts has one of these roles. */
export function hasRole(...roles: readonly Role[]): boolean {
  return role.value !== null && roles.includes(role.value);
}

async function begun(signedIn: Promise<SignedIn>): Promise<void> {
  setCsrfToken((await signedIn).csrf_token);
  await recognise();
}

function become(next: CallerCard | null): void {
  const before = caller.value;
  setCsrfToken(next?.csrf_token ?? null);
  if (next) actAs(next.actor);
  if (before !== undefined && before?.actor !== next?.actor) {
    closeBoard();
    if (next) resetLine();
  }
  const changed = before !== undefined && before?.actor !== next?.actor;
  // A till shows the house it stands in to whoever begins to work at it; what they choose then stays through a reload.
  const begins = before === undefined ? chosenVenue.peek() === null : before?.actor !== next?.actor;
  if (next?.device && begins && mayWorkIn(next, next.device.venue_id)) chooseVenue(next.device.venue_id);
  caller.value = next;
  if (changed) otherTabs.postMessage(next?.actor ?? null);
}

function mayWorkIn({ venues }: CallerCard, venue: number): boolean {
  return venues === undefined || venues.length === 0 || venues.includes(venue);
}

/** Tabs share their cookies: who acts in one acts in all. */
const otherTabs = new BroadcastChannel("comanda.session");
otherTabs.onmessage = (message: MessageEvent<string | null>) => {
  if (message.data !== (caller.peek()?.actor ?? null)) void recogniseInTheEnd();
};

let asking = false;
function lapse(): void {
  if (asking) return;
  asking = true;
  void ask("DELETE", "/hub/v1/session")
    .catch(() => null)
    // Until the server says who acts now, what is shown may be nobody's business any more.
    .then(() => recogniseInTheEnd())
    .finally(() => (asking = false));
}

onSessionLapsed(lapse);
onSomebodyElse(() => void recogniseInTheEnd());
onStreamSignedOut(lapse);
