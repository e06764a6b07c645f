import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { Empty, Loading } from "~/parts/empty";
import { keep, read } from "~/preferences";
import { Shell } from "~/shell";
import { board, boardLoading, summaries, wantSummaries } from "~/sync/board";
import { AllDay } from "./all-day";
import { attend } from "./attention";
import { Foot } from "./foot";
import { Head } from "./head";
import { useKeys } from "./keys";
import { pack, type Pages } from "./pack";
import { finished, inGrid, ofStation, unfinished } from "./queue";
import { useRoom } from "./room";
import { targetHere } from "./target";
import { Ticket } from "./ticket";
import { TicketMenu } from "./ticket-menu";
import { useWakeLock } from "./wake-lock";

const tickets = computed(() => board.value.tickets);
const ALL_DAY = "kitchen.all-day";
/** A page has been turned after this, or never is. */
const TURNED_MS = 1_000;

/** A station's tickets as large cards; dark by itself, and awake. */
export function Display({ stationId, name }: { stationId: number | null; name: string }): JSX.Element {
  const { kitchen } = messages();
  const attention = useMemo(() => attend(stationId), [stationId]);
  useEffect(() => attention.stop, [attention]);
  useWakeLock();
  const [counting, setCounting] = useState(read(ALL_DAY) === "on");
  const [page, setPage] = useState(0);
  /** The page that is being turned to; until it is reached, what the keys number is on it already. */
  const turning = useRef<number | null>(null);
  const turned = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(turned.current), []);
  const [more, setMore] = useState<string | null>(null);
  const { box, room } = useRoom();
  const own = ofStation(tickets.value.values(), stationId);
  const shown = inGrid(own, attention.lingering.value, (ticket) => targetHere(ticket).dueAt);
  const wanted = shown.map((ticket) => ticket.order_id).join();
  useEffect(() => wantSummaries(shown.map((ticket) => ticket.order_id)), [wanted]);
  const pages = room === null ? [] : pack(shown, room, commentOf);
  const current = Math.min(page, Math.max(0, pages.length - 1));
  const ready = finished(own).filter((ticket) => !attention.lingering.value.has(ticket.id));

  const opened = own.find((ticket) => ticket.id === more);
  useEffect(() => {
    // What has left the screen does not open by itself when it comes back.
    if (more !== null && opened === undefined) setMore(null);
  }, [more, opened === undefined]);

  function turn(to: number): void {
    const grid = box.current;
    if (grid === null) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const wantedPage = Math.max(0, Math.min(pages.length - 1, to));
    const left = wantedPage * grid.clientWidth;
    turning.current = Math.abs(grid.scrollLeft - left) > 1 ? wantedPage : null;
    grid.scrollTo({ left, behavior: calm ? "auto" : "smooth" });
    setPage(wantedPage);
    clearTimeout(turned.current);
    // Whatever comes in between: what is in sight then is what counts.
    turned.current = setTimeout(() => arrived(grid), TURNED_MS);
  }

  function scrolled(grid: HTMLElement): void {
    if (turning.current === null || pageInSight(grid) === turning.current) arrived(grid);
  }

  function arrived(grid: HTMLElement): void {
    turning.current = null;
    setPage(pageInSight(grid));
  }

  function toggleCounting(): void {
    keep(ALL_DAY, counting ? "off" : "on");
    setCounting(!counting);
  }

  const numbered = useKeys({
    onPage: (pages[current] ?? []).flat(),
    lastReady: finished(own)[0],
    toggleAllDay: toggleCounting,
    turn: (by) => turn(current + by),
  });
  return (
    <div class="kitchen" data-theme="dark">
      <Shell quiet>
        <Head name={name} waiting={unfinished(own)} counting={counting} onCounting={toggleCounting} />
        <div class="kitchen-middle">
          <div
            ref={box}
            class="kitchen-grid"
            data-testid="grid"
            tabIndex={pages.length > 1 ? 0 : -1}
            role="group"
            aria-label={kitchen.tickets}
            onScroll={(event) => scrolled(event.currentTarget)}
            onPointerDown={() => (turning.current = null)}
            onWheel={() => (turning.current = null)}
          >
            {boardLoading.value ? <Loading /> : shown.length === 0 && <Empty>{kitchen.nothingToDo}</Empty>}
            <Columns
              pages={pages}
              current={current}
              numbered={numbered}
              fresh={attention.fresh.value}
              withStation={stationId === null}
              onMore={setMore}
            />
          </div>
          {counting && <AllDay tickets={own} onClose={toggleCounting} />}
        </div>
        <Foot ready={ready} pages={pages} page={current} onTurn={(by) => turn(current + by)} />
        {/* Not within its card, which is drawn anew whenever it moves to another column. */}
        {opened && <TicketMenu ticket={opened} comment={commentOf(opened)} onClose={() => setMore(null)} />}
        <p class="visually-hidden" role="status">
          {kitchen.open(unfinished(own).length)}
        </p>
      </Shell>
    </div>
  );
}

function Columns(props: {
  pages: Pages;
  current: number;
  numbered: boolean;
  fresh: ReadonlySet<string>;
  withStation: boolean;
  onMore: (ticketId: string) => void;
}): JSX.Element {
  const drawn = props.pages.map((columns, page) => {
    let place = 0;
    return (
      <div class="kitchen-page" key={page}>
        {columns.map((column, index) => (
          <div class="kitchen-column" key={index}>
            {column.map((ticket) => {
              place += 1;
              return (
                <Ticket
                  key={ticket.id}
                  ticket={ticket}
                  place={`${page}.${index}.${place}`}
                  number={props.numbered && page === props.current && place <= 9 ? place : null}
                  isFresh={props.fresh.has(ticket.id)}
                  withStation={props.withStation}
                  onMore={props.onMore}
                />
              );
            })}
          </div>
        ))}
      </div>
    );
  });
  return <>{drawn}</>;
}

function pageInSight(grid: HTMLElement): number {
  return Math.round(grid.scrollLeft / grid.clientWidth);
}

function commentOf(ticket: TicketCard): string | null {
  return summaries.value.get(ticket.order_id)?.comment ?? null;
}
