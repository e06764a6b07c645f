/** The kitchen: which station this screen belongs to, then that station's tickets. */

import "./kitchen.css";
import { ChefHat, LayoutGrid } from "lucide";
import type { JSX } from "preact";
import { useLocation, useRoute } from "preact-iso";
import { useEffect } from "preact/hooks";
import { messages } from "~/i18n";
import { menu, stationsById } from "~/menu";
import { Empty, Loading } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { me } from "~/session";
import { Shell } from "~/shell";
import { board } from "~/sync/board";
import { Display } from "./display";
import { ofStation, unfinished } from "./queue";

/** The kitchen display, or the choice of its station. */
export default function Kitchen(): JSX.Element {
  const { station } = useRoute().params as { station?: string };
  if (station === undefined) return <Stations />;
  if (station === "all") return <Display key="all" stationId={null} name={messages().kitchen.allStations} />;
  if (menu.value === null) return <Loading />;
  const found = stationsById.value.get(Number(station));
  return found ? <Display key={found.id} stationId={found.id} name={found.name} /> : <Stations unknown />;
}

/** Which station? A screen that was paired for one is not asked, unless somebody came back to choose. */
function Stations({ unknown = false }: { unknown?: boolean }): JSX.Element {
  const { kitchen } = messages();
  const { query, route } = useLocation();
  const own = me.value?.device?.kind === "kitchen" ? (me.value.device.station_id ?? "all") : null;
  const goes = own !== null && !unknown && !("choose" in query);
  useEffect(() => {
    if (goes) route(`/kitchen/${own}`, true);
  }, [goes, own]);
  if (goes || menu.value === null) return <Loading />;
  return (
    <Shell>
      <div class="kitchen-choice">
        <h1>{kitchen.chooseStation}</h1>
        {unknown && <p role="alert">{kitchen.unknownStation}</p>}
        <ul class="kitchen-stations">
          {menu.value.stations.map((station) => (
            <Station key={station.id} path={`/kitchen/${station.id}`} name={station.name} stationId={station.id} />
          ))}
          <Station path="/kitchen/all" name={kitchen.allStations} stationId={null} />
        </ul>
        {menu.value.stations.length === 0 && <Empty icon={ChefHat}>{kitchen.noStations}</Empty>}
      </div>
    </Shell>
  );
}

function Station(props: { path: string; name: string; stationId: number | null }): JSX.Element {
  const waiting = unfinished(ofStation(board.value.tickets.values(), props.stationId)).length;
  return (
    <li>
      <a class="kitchen-station card" href={props.path} data-testid="station">
        <Icon of={props.stationId === null ? LayoutGrid : ChefHat} />
        <strong>{props.name}</strong>
        <span class={waiting > 0 ? "chip is-new" : "chip"}>{messages().kitchen.open(waiting)}</span>
      </a>
    </li>
  );
}
