import { Printer, TriangleAlert } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { stationsById } from "~/menu";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { useSettled, useShift } from "~/press";
import { hasRole } from "~/session";
import { isPending } from "~/sync/actions";
import { board as venueBoard } from "~/sync/board";
import { receiptOf } from "./layout";
import { settlePaper } from "./moves";

/** Papers whose fate nobody knows: people look, and say. */
export function Papers(): JSX.Element | null {
  const { board } = messages();
  const { printJobs, tickets } = venueBoard.value;
  const isSettled = useSettled([...printJobs.keys()]);
  const shown = hasRole("cashier", "manager") ? printJobs.size : 0;
  useShift(String(shown));
  if (shown === 0) return null;
  return (
    <section class="board-papers" aria-label={board.papers.region}>
      {[...printJobs.values()].map((job) => {
        const number = receiptOf(job.order_id)?.order_number ?? tickets.get(job.ticket_id)?.order_number ?? `#${job.order_id}`;
        const station = Number(job.ticket_id.split("-")[1]);
        const path = `/hub/v1/print-jobs/${job.id}`;
        const settle = (way: "reprint" | "dismiss"): void => {
          if (isSettled()) void settlePaper(job, number, way);
        };
        const busy = isPending(`${path}/reprint`) || isPending(`${path}/dismiss`);
        return (
          <div key={job.id} class="board-paper" data-testid="paper">
            <Icon of={TriangleAlert} />
            <span>{board.papers.title(number, stationsById.value.get(station)?.name ?? String(station))}</span>
            <Button icon={Printer} busy={busy} onClick={() => settle("reprint")} testId="paper-reprint">
              {board.papers.reprint}
            </Button>
            <Button busy={busy} onClick={() => settle("dismiss")} testId="paper-dismiss">
              {board.papers.dismiss}
            </Button>
          </div>
        );
      })}
    </section>
  );
}
