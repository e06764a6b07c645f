import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { language, messages } from "~/i18n";
import { Loading } from "~/parts/empty";
import { theme } from "~/preferences";
import type { Drawn } from "./draw-bars";

interface Props {
  /** What the chart shows, for those who do not see it. */
  label: string;
  labels: readonly string[];
  values: readonly number[];
  /** A value as the axis has it. */
  show: (value: number) => string;
  /** What is said of the bar that is pointed at. */
  say: (index: number) => string;
}

/** Bars over time. Drawn by a library that is fetched when the first chart is; drawn anew for theme, size and language. */
export function BarChart({ label, labels, values, show, say }: Props): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const [ready, setReady] = useState(false);
  const latest = useRef({ labels, values, show });
  latest.current = { labels, values, show };
  const content = JSON.stringify([labels, values]);

  useEffect(() => {
    let over = false;
    let resized: ResizeObserver | null = null;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const draw = (): void => {
      const host = frame.current;
      if (host === null || drawBars === null) return;
      drawn.current?.destroy();
      drawn.current = drawBars(host, { ...latest.current, onPoint: setPointed });
    };
    let drawBars: typeof import("./draw-bars").drawBars | null = null;
    void import("./draw-bars").then((library) => {
      if (over || frame.current === null) return;
      drawBars = library.drawBars;
      draw();
      setReady(true);
      resized = new ResizeObserver(() => {
        const host = frame.current;
        if (host !== null) drawn.current?.resize(host.clientWidth, host.clientHeight);
      });
      resized.observe(frame.current);
    });
    dark.addEventListener("change", draw);
    return () => {
      over = true;
      dark.removeEventListener("change", draw);
      resized?.disconnect();
      drawn.current?.destroy();
      drawn.current = null;
    };
  }, [content, theme.value, language.value, show]);

  return (
    <figure class="insights-chart">
      <figcaption class="insights-pointed" aria-hidden="true">
        {pointed === null ? " " : say(pointed)}
      </figcaption>
      <div ref={frame} class="insights-canvas" role="img" aria-label={`${label}. ${messages().insights.tableInstead}`} data-testid="chart" data-ready={ready}>
        {!ready && <Loading />}
      </div>
    </figure>
  );
}
