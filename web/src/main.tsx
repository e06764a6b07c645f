/** The staff app: finds out who acts, then shows the screen of the address. */

import "~/design/tokens.css";
import "~/design/base.css";
import "~/design/parts.css";
import "~/design/shell.css";
import { signal } from "@preact/signals";
import { CloudOff } from "lucide";
import { Component, render, type ComponentChildren, type JSX } from "preact";
import { ErrorBoundary, lazy, LocationProvider, Route, Router, useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";
import { leavesOpen } from "~/api/client";
import type { Role } from "~/api/types";
import { useRinging } from "~/bell";
import { chooseLanguage, messages, preferredLanguage } from "~/i18n";
import { Button } from "~/parts/button";
import { Toasts } from "~/parts/dialog";
import { Empty, Loading } from "~/parts/empty";
import { PasswordQuestion } from "~/parts/password";
import { explain, toast } from "~/parts/toasts";
import { hasRole, me, recogniseInTheEnd, role, venueId } from "~/session";
import "~/presence";
import "~/renewal";
import { homeOf, Shell } from "~/shell";
import { onWaitingRefused } from "~/sync/actions";
import { openBoard } from "~/sync/board";

/** What shows each screen, by the first part of its address. */
const loaders = {
  board: () => import("~/screens/board/board"),
  kitchen: () => import("~/screens/kitchen/kitchen"),
  new: () => import("~/screens/entry/entry"),
  insights: () => import("~/screens/insights/insights"),
  setup: () => import("~/screens/setup/setup"),
  "sign-in": () => import("~/screens/sign-in/sign-in"),
  pair: () => import("~/screens/sign-in/pair"),
};
const Board = lazy(loaders.board);
const Kitchen = lazy(loaders.kitchen);
const Entry = lazy(loaders.new);
const Insights = lazy(loaders.insights);
const Setup = lazy(loaders.setup);
const SignIn = lazy(loaders["sign-in"]);
const Pair = lazy(loaders.pair);

const RETRY_MS = 1_500;
const PREFETCH_MS = 2_000;
/** Whether the server has not said yet who acts here, and does not answer. */
const serverAway = signal(false);

function App(): JSX.Element {
  return (
    <Catch>
      <LocationProvider>
        <ErrorBoundary>
          <Screens />
        </ErrorBoundary>
      </LocationProvider>
      <PasswordQuestion />
      <Toasts />
    </Catch>
  );
}

function Screens(): JSX.Element {
  const known = me.value;
  const venue = venueId.value;
  const { path } = useLocation();
  // A till hears of new orders whatever it shows and whoever works at it, also while it is locked; others where they look
  // at orders. A station's screen rings for its tickets.
  const hears = known?.device?.kind === "terminal" || path.startsWith("/board") || hasRole("cashier");
  useRinging(!!known && hears && !path.startsWith("/kitchen/"));
  useEffect(() => {
    if (known && venue !== null) openBoard(venue);
  }, [known, venue]);
  if (known === undefined) return serverAway.value ? <Empty icon={CloudOff}>{messages().common.lostAtStart}</Empty> : <Loading />;
  if (known === null) {
    return (
      <Router key="nobody">
        <Route path="/pair" component={Pair} />
        <Route default component={SignIn} />
      </Router>
    );
  }
  // A router keeps what it shows until the address changes; of another kind of caller it shows something else there.
  return (
    <Router key={known.kind}>
      <Route path="/" component={Home} />
      <Route path="/sign-in" component={known.kind === "device" ? SignIn : Home} />
      <Route path="/pair" component={Pair} />
      <Route path="/board" component={forRoles(["cashier", "call_centre", "manager"], Board)} />
      <Route path="/kitchen" component={forRoles(["cook", "cashier", "manager"], Kitchen)} />
      <Route path="/kitchen/:station" component={forRoles(["cook", "cashier", "manager"], Kitchen)} />
      <Route path="/new" component={forRoles(["call_centre", "cashier", "manager"], Entry)} />
      <Route path="/insights" component={forRoles(["manager"], Insights)} />
      <Route path="/setup" component={forRoles(["manager"], Setup)} />
      <Route default component={NotFound} />
    </Router>
  );
}

const guarded = new Map<unknown, () => JSX.Element>();

/** A screen that only some roles may see; the same component each time, so that it keeps its state. */
function forRoles(roles: readonly Role[], Screen: () => JSX.Element): () => JSX.Element {
  let found = guarded.get(Screen);
  if (found === undefined) {
    found = () => (hasRole(...roles) ? <Screen /> : <NotForRole />);
    guarded.set(Screen, found);
  }
  return found;
}

function Home(): JSX.Element {
  const { route } = useLocation();
  useEffect(() => {
    // At a till people say first who they are.
    if (me.value?.kind === "device" && me.value.device?.kind === "terminal") route("/sign-in", true);
    else if (role.value) route(homeOf(role.value), true);
  }, []);
  return <Loading />;
}

function NotFound(): JSX.Element {
  return (
    <Shell>
      <Empty>
        {messages().common.pageNotFound} · <a href="/">{messages().common.home}</a>
      </Empty>
    </Shell>
  );
}

function NotForRole(): JSX.Element {
  return (
    <Shell>
      <Empty>
        {messages().common.notForRole} · <a href="/">{messages().common.home}</a>
      </Empty>
    </Shell>
  );
}

/** A slip of ours takes one screen down, visibly, and not silently. */
class Catch extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ failed: true });
  }

  render(): ComponentChildren {
    if (!this.state.failed) return this.props.children;
    return (
      <Empty>
        {messages().common.crashed}{" "}
        <Button look="primary" onClick={() => void reloadWhenThere()}>
          {messages().common.retry}
        </Button>
      </Empty>
    );
  }
}

async function begin(): Promise<void> {
  const spoken = chooseLanguage(preferredLanguage());
  // Before anybody is known: what another person asked for here is told of as not done the moment it is known who acts.
  onWaitingRefused((one, error) => void spoken.then(() => toast(fateOf(one.label, error), true)));
  // Who acts, in which language, on which screen: all three are asked for at once.
  const known = recogniseInTheEnd(() => (serverAway.value = true)).then(() => (serverAway.value = false));
  const [, asked] = location.pathname.split("/");
  if (asked !== undefined && Object.hasOwn(loaders, asked)) loaders[asked as keyof typeof loaders]().catch(() => null);
  await spoken;
  const root = document.getElementById("app");
  if (root === null) return;
  render(<App />, root);
  await known;
  // What the house works with is fetched before it is opened: perhaps the server is away then.
  setTimeout(() => void Promise.all([loaders.board(), loaders.kitchen(), loaders.new()]).catch(() => null), PREFETCH_MS);
}

/** What became of an action that waited and is not sent any more; of one that was sent without an answer nobody knows. */
function fateOf(label: string, error: unknown): string {
  const { common } = messages();
  return leavesOpen(error) ? common.notKnown(label) : `${common.notDone(label)} ${explain(error)}`;
}

/** Load the page anew once the server is there; before, a browser would show its own error instead. */
async function reloadWhenThere(): Promise<void> {
  for (;;) {
    try {
      if ((await fetch("/", { cache: "no-store" })).ok) break;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  location.reload();
}

// After an upgrade the server has other files: a screen that is opened then needs the page of its own build.
addEventListener("vite:preloadError", () => void reloadWhenThere());
void begin();
if ("serviceWorker" in navigator && window.isSecureContext && import.meta.env.PROD) {
  void navigator.serviceWorker.register("/sw.js");
}
