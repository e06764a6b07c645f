import type { JSX } from "preact";

interface Paper {
  x: number;
  tilt: number;
  lines: readonly number[];
}

const PAPERS: readonly Paper[] = [
  { x: 26, tilt: -2.5, lines: [62, 44, 54] },
  { x: 134, tilt: 1.5, lines: [48, 62, 36, 56, 30] },
  { x: 242, tilt: -1, lines: [56, 40, 62, 48] },
];
const WIDTH = 92;

/** Order tickets under the rail of a kitchen pass; a drawing that only decorates. */
export function TicketRail(): JSX.Element {
  return (
    <svg class="sign-rail" viewBox="0 0 360 190" aria-hidden="true">
      {PAPERS.map((paper) => (
        <Ticket key={paper.x} {...paper} />
      ))}
      <rect class="sign-rail-bar" x="0" y="10" width="360" height="14" rx="7" />
    </svg>
  );
}

function Ticket({ x, tilt, lines }: Paper): JSX.Element {
  const height = 50 + lines.length * 19;
  const teeth = `l-${WIDTH / 24} 5 l-${WIDTH / 24} -5 `.repeat(12);
  return (
    <g transform={`rotate(${tilt} ${x + WIDTH / 2} 16)`}>
      <path class="sign-rail-paper" d={`M${x} 16 h${WIDTH} v${height} ${teeth} z`} />
      <rect class="sign-rail-head" x={x + 12} y="36" width="34" height="9" rx="2" />
      {lines.map((width, index) => (
        <rect key={index} class="sign-rail-line" x={x + 12} y={58 + index * 18} width={width} height="6" rx="3" />
      ))}
    </g>
  );
}
