/** The card that keys act upon: arrows move it, and it holds on to its order when that moves to another column. */

import { useState } from "preact/hooks";
import type { Way } from "./keys";
import { STAGES, type Layout, type Stage } from "./stages";

interface Cursor {
  /** Null also while its order is not among those shown. */
  current: number | null;
  /** The order that is looked at, or whose card has the focus, is the one keys act upon. */
  put: (id: number) => void;
  /** Where an arrow leads; null where it leads nowhere. */
  go: (way: Way) => number | null;
}

/** The cursor over the columns; `onStage` hears which column it is in. */
export function useCursor(columns: Layout, onStage: (stage: Stage) => void): Cursor {
  const [last, put] = useState<number | null>(null);
  const current = STAGES.some((stage) => columns[stage].some((row) => row.order.id === last)) ? last : null;

  function go(way: Way): number | null {
    const next = neighbour(columns, current, way);
    if (next === null) return null;
    put(next.id);
    onStage(next.stage);
    requestAnimationFrame(() => {
      const card = document.getElementById(`board-card-${next.id}`);
      card?.querySelector<HTMLElement>(".board-card-open")?.focus({ preventScroll: true });
      card?.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
    return next.id;
  }

  return { current, put, go };
}

function neighbour(columns: Layout, current: number | null, way: Way): { id: number; stage: Stage } | null {
  const filled = STAGES.filter((stage) => columns[stage].length > 0);
  const at = filled.find((stage) => columns[stage].some((row) => row.order.id === current));
  if (at === undefined) return pick(columns, filled[0], 0);
  const row = columns[at].findIndex((one) => one.order.id === current);
  if (way === "ArrowUp" || way === "ArrowDown") return pick(columns, at, row + (way === "ArrowDown" ? 1 : -1));
  return pick(columns, filled[filled.indexOf(at) + (way === "ArrowRight" ? 1 : -1)], row);
}

function pick(columns: Layout, stage: Stage | undefined, row: number): { id: number; stage: Stage } | null {
  if (stage === undefined) return null;
  const rows = columns[stage];
  const found = rows[Math.max(0, Math.min(rows.length - 1, row))];
  return found ? { id: found.order.id, stage } : null;
}
