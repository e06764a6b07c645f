import { BellRing, ChefHat, CircleCheck, PackageCheck } from "lucide";
import type { IconNode } from "lucide";
import type { JSX } from "preact";
import { Fragment } from "preact";
import { messages } from "~/i18n";
import { Empty } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { summaries } from "~/sync/board";
import { Card, type CardMove } from "./card";
import { alarmFor, finishedById } from "./layout";
import { isUnsent, type Row, type Stage } from "./stages";

const SIGNS: Record<Stage, IconNode> = { new: BellRing, accepted: ChefHat, ready: PackageCheck, done: CircleCheck };

interface Props {
  stage: Stage;
  rows: readonly Row[];
  current: number | null;
  /** On phones only one column is seen at a time. */
  chosen: boolean;
  onOpen: (id: number) => void;
  onMove: (id: number, move: CardMove) => void;
}

/** The orders of one stage. */
export function Column({ stage, rows, current, chosen, onOpen, onMove }: Props): JSX.Element {
  const { board } = messages();
  const details = summaries.value;
  const grouped = stage === "accepted" && rows.some((row) => isUnsent(row.order));
  const firstSent = rows.findIndex((row) => !isUnsent(row.order));
  return (
    <section class={`board-column is-${stage}${chosen ? " is-chosen" : ""}${stage === "new" && rows.length > 0 ? " is-ringing" : ""}`} aria-labelledby={`board-${stage}`} data-testid={`column-${stage}`}>
      <h2 class="board-column-head" id={`board-${stage}`}>
        <Icon of={SIGNS[stage]} />
        {board.columns[stage]}
        <span class="board-column-count" data-testid={`count-${stage}`}>
          {rows.length}
        </span>
      </h2>
      <div class="board-column-cards" tabIndex={-1}>
        {rows.length === 0 && <Empty>{board.empty[stage]}</Empty>}
        {rows.map((row, index) => (
          <Fragment key={row.order.id}>
            {grouped && index === 0 && <p class="board-group is-unsent">{board.unsentGroup}</p>}
            {grouped && index === firstSent && <p class="board-group">{board.kitchenGroup}</p>}
            <Card
              order={row.order}
              receipt={row.receipt}
              stage={row.stage}
              ready={row.ready}
              lines={row.lines}
              summary={details.get(row.order.id) ?? finishedById.value.get(row.order.id)}
              alarm={alarmFor(row.order, details.get(row.order.id))}
              current={current === row.order.id}
              onOpen={onOpen}
              onMove={onMove}
            />
          </Fragment>
        ))}
      </div>
    </section>
  );
}
