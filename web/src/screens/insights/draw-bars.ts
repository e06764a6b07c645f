/** uPlot, set up for bars in the design's colours. Fetched only when there is something to draw. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface Bars {
  labels: readonly string[];
  values: readonly number[];
  show: (value: number) => string;
  /** The bar that is pointed at; null for none. */
  onPoint: (index: number | null) => void;
}

export interface Drawn {
  resize: (width: number, height: number) => void;
  destroy: () => void;
}

const LABEL_PX = 56;
const FONT = "13px system-ui, sans-serif";

/** Draw bars into an element, as large as it is. */
export function drawBars(host: HTMLElement, bars: Bars): Drawn {
  const ink = colourOf(host, "--ink-soft");
  const grid = { stroke: colourOf(host, "--line"), width: 1 };
  const accent = colourOf(host, "--accent");
  const longest = Math.max(...niceSteps(Math.max(...bars.values, 1)).map((value) => bars.show(value).length));
  const plot = new uPlot(
    {
      width: host.clientWidth,
      height: host.clientHeight,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [-0.6, bars.labels.length - 0.4] },
        y: { range: (_plot, _least, most) => [0, Math.max(most, 1) * 1.08] },
      },
      axes: [
        {
          stroke: ink,
          font: FONT,
          grid: { show: false },
          ticks: { show: false },
          size: 32,
          splits: (own) => everyNth(bars.labels.length, own.width),
          values: (_plot, splits) => splits.map((index) => bars.labels[index] ?? ""),
        },
        {
          stroke: ink,
          font: FONT,
          grid,
          ticks: { show: false },
          size: 24 + longest * 7,
          incrs: INCREMENTS,
          values: (_plot, splits) => splits.map((value) => bars.show(value)),
        },
      ],
      series: [{}, { fill: accent, stroke: accent, width: 0, points: { show: false }, paths: barPaths() }],
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { show: false } },
      hooks: { setCursor: [(own) => bars.onPoint(own.cursor.idx ?? null)] },
    },
    [bars.labels.map((_label, index) => index), [...bars.values]],
    host,
  );
  return {
    resize: (width, height) => {
      if (width > 0 && (width !== plot.width || height !== plot.height)) plot.setSize({ width, height });
    },
    destroy: () => plot.destroy(),
  };
}

/** Whole steps up to what a day sells in the smallest of units. */
const INCREMENTS = Array.from({ length: 13 }, (_none, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

function barPaths(): uPlot.Series.PathBuilder {
  const make = uPlot.paths.bars;
  if (make === undefined) throw new Error("this build of uPlot has no bars");
  return make({ size: [0.72, 56], radius: 0.12 });
}

/** As many labels as there is room for. */
function everyNth(length: number, width: number): number[] {
  const step = Math.max(1, Math.ceil((length * LABEL_PX) / Math.max(width - 80, LABEL_PX)));
  return Array.from({ length: Math.ceil(length / step) }, (_nothing, index) => index * step);
}

/** About what the axis will show, to leave room for it. */
function niceSteps(most: number): number[] {
  return [Math.ceil(most), Math.ceil(most / 2)];
}

/** A colour of the design as a canvas takes it: resolved for light or dark. */
function colourOf(host: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  host.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
