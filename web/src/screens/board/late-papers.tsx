import { Printer } from "lucide";
import type { JSX } from "preact";
import { messages } from "~/i18n";
import { stationsById } from "~/menu";
import { Icon } from "~/parts/icon";
import { useLatePapers } from "~/sync/late-papers";

/** Says which printers do not answer, where orders are looked at. */
export function LatePapers(): JSX.Element {
  const { board } = messages();
  return (
    <div class="board-late" role="status">
      {useLatePapers().map(({ stationId, papers }) => (
        <span key={stationId} class="chip is-bad" data-testid="late-papers">
          <Icon of={Printer} /> {board.papers.late(stationsById.value.get(stationId)?.name ?? String(stationId), papers)}
        </span>
      ))}
    </div>
  );
}
