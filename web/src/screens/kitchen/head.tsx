import { ArrowLeft, Maximize, Minimize, Sigma, Volume2, VolumeX } from "lucide";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TicketCard } from "~/api/types";
import { messages } from "~/i18n";
import { now, timeOfDay } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { soundOn } from "~/preferences";
import { LineDot, Overheard, StopListButton } from "~/shell";
import { levelAt } from "./queue";
import { targetHere } from "./target";

interface Props {
  name: string;
  waiting: readonly TicketCard[];
  counting: boolean;
  onCounting: () => void;
}

/** The thin bar above the tickets. */
export function Head({ name, waiting, counting, onCounting }: Props): JSX.Element {
  const { kitchen, common } = messages();
  return (
    <div class="kitchen-bar">
      <a class="button is-plain is-icon" href="/kitchen?choose" aria-label={kitchen.stations} title={kitchen.stations} data-testid="stations">
        <Icon of={ArrowLeft} />
      </a>
      <h1>{name}</h1>
      <span class="kitchen-open" data-testid="open-count">
        {kitchen.open(waiting.length)}
      </span>
      <Late waiting={waiting} />
      <span class="kitchen-bar-end">
        <Overheard />
        <LineDot />
        <TimeOfDay />
        <StopListButton />
        <Button icon={Sigma} look="plain" on={counting} onClick={onCounting} label={kitchen.allDay} testId="all-day-toggle">
          <span class="kitchen-bar-text">{kitchen.allDay}</span>
        </Button>
        <Button
          icon={soundOn.value ? Volume2 : VolumeX}
          look="plain"
          label={`${common.sound}: ${soundOn.value ? common.on : common.off}`}
          onClick={() => (soundOn.value = !soundOn.value)}
        />
        <FullScreen />
      </span>
    </div>
  );
}

function Late({ waiting }: { waiting: readonly TicketCard[] }): JSX.Element | null {
  const late = waiting.filter((ticket) => levelAt(targetHere(ticket), now()) === "late").length;
  return late === 0 ? null : <span class="kitchen-late">{messages().kitchen.late(late)}</span>;
}

function TimeOfDay(): JSX.Element {
  return <time class="kitchen-clock">{timeOfDay(new Date(now()).toISOString())}</time>;
}

function FullScreen(): JSX.Element | null {
  const { kitchen } = messages();
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = (): void => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  if (!document.fullscreenEnabled) return null;
  return (
    <Button
      icon={full ? Minimize : Maximize}
      look="plain"
      label={full ? kitchen.leaveFullScreen : kitchen.fullScreen}
      onClick={() => void (full ? document.exitFullscreen() : document.documentElement.requestFullscreen())}
      testId="full-screen"
    />
  );
}
