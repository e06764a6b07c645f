/**
 * How tickets fill a screen: column by column from the top, page by page.
 *
 * Heights are reckoned from the widths of words rather than measured on the page, so that a page is laid out once; a card
 * that comes out higher than reckoned scrolls its lines inside.
 */

import type { TicketCard, TicketLineCard } from "~/api/types";
import { modifierText } from "./queue";

/** The room for one page, in units of the screen's own type size (`em`). */
export interface Room {
  columns: number;
  columnEm: number;
  heightEm: number;
  /** The least a finger needs. */
  touchEm: number;
  /** How wide a text is at the size of 1 em. */
  widthOf: (text: string) => number;
}

/** Tickets by page, by column. */
export type Pages = readonly (readonly (readonly TicketCard[])[])[];

const GAP_EM = 0.6;
const COLUMN_EM = 17;
/** Number, times, sale type and the card's edges. */
const HEAD_EM = 5.3;
/** Type sizes and the heights of their rows, as kitchen.css has them. */
const NAME = { sizeEm: 1.45, rowEm: 1.74 };
const SMALL = { sizeEm: 1.2, rowEm: 1.5 };
/** What a line has beside its texts: edges, quantity, tick. */
const SIDES_EM = 1.8;
const TICK_EM = 2.2;
const NOTE_SIDES_EM = 3.2;
/** A longer comment is cut there, or it would stand where the dishes are; kitchen.css has the same number. */
const COMMENT_ROWS = 4;

/** The room that a box offers. */
export function roomOf(widthPx: number, heightPx: number, emPx: number, widthOf: Room["widthOf"]): Room {
  const widthEm = widthPx / emPx;
  const columns = Math.max(1, Math.floor((widthEm + GAP_EM) / (COLUMN_EM + GAP_EM)));
  return {
    columns,
    columnEm: (widthEm - GAP_EM * (columns - 1)) / columns,
    heightEm: heightPx / emPx,
    touchEm: Math.max(64 / emPx, 3.2),
    widthOf,
  };
}

/** Lay out tickets in their order; each stands wholly in one column. */
export function pack(tickets: readonly TicketCard[], room: Room, commentOf: (ticket: TicketCard) => string | null): Pages {
  const columns: TicketCard[][] = [];
  let left = 0;
  for (const ticket of tickets) {
    const height = Math.min(heightOf(ticket, room, commentOf(ticket)), room.heightEm);
    const column = columns.at(-1);
    if (column === undefined || height > left) {
      columns.push([ticket]);
      left = room.heightEm - height - GAP_EM;
    } else {
      column.push(ticket);
      left -= height + GAP_EM;
    }
  }
  const pages = [];
  for (let first = 0; first < columns.length; first += room.columns) {
    pages.push(columns.slice(first, first + room.columns));
  }
  return pages;
}

function heightOf(ticket: TicketCard, room: Room, comment: string | null): number {
  let height = HEAD_EM + Math.max(room.touchEm, 3.25) + 0.6;
  if (comment) height += commentHeight(comment, room);
  for (const line of ticket.lines) height += Math.max(lineHeight(line, room), room.touchEm);
  return height;
}

function commentHeight(comment: string, room: Room): number {
  const whole = rowsOf(comment, room.columnEm - 3.4, SMALL, room);
  const most = COMMENT_ROWS * SMALL.rowEm;
  return 0.4 + (whole > most ? most + SMALL.rowEm : whole);
}

function lineHeight(line: TicketLineCard, room: Room): number {
  const width = room.columnEm - SIDES_EM - Math.max(2.85, room.widthOf(String(line.count)) * 1.9);
  let height = 1 + rowsOf(line.name, width - TICK_EM, NAME, room);
  if (line.portion_size !== 1) height += SMALL.rowEm;
  for (const modifier of line.modifiers) height += rowsOf(modifierText(modifier), width - 1.2, SMALL, room);
  if (line.note) height += 0.9 + rowsOf(line.note, width - NOTE_SIDES_EM, SMALL, room);
  return height;
}

/** How high a text stands in a box: words go on to the next row where they do not fit. */
function rowsOf(text: string, widthEm: number, type: { sizeEm: number; rowEm: number }, room: Room): number {
  let rows = 1;
  let filled = 0;
  for (const word of text.split(/\s+/)) {
    const width = room.widthOf(`${word} `) * type.sizeEm;
    if (filled > 0 && filled + width > widthEm) {
      rows += 1;
      filled = 0;
    }
    filled += width;
    // What is longer than a row is broken.
    rows += Math.max(0, Math.ceil(filled / widthEm) - 1);
    filled %= widthEm;
  }
  return rows * type.rowEm;
}
