import { useEffect, useRef, useState } from "preact/hooks";
import { roomOf, type Room } from "./pack";

/** The box that tickets stand in, and how much room it offers, also after it was turned or resized. */
export function useRoom(): { box: { current: HTMLDivElement | null }; room: Room | null } {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<Room | null>(null);
  useEffect(() => {
    const grid = box.current;
    if (grid === null) return;
    const watch = new ResizeObserver(() => {
      const style = getComputedStyle(grid);
      const em = parseFloat(style.fontSize);
      const padding = parseFloat(style.getPropertyValue("--page-padding")) * em;
      setRoom(roomOf(grid.clientWidth - 2 * padding, grid.clientHeight - 2 * padding, em, ruler(style.fontFamily)));
    });
    watch.observe(grid);
    return () => watch.disconnect();
  }, []);
  return { box, room };
}

const RULER_PX = 100;

/** Measures bold texts of a family, each word once; the menu's words come again and again. */
function ruler(family: string): Room["widthOf"] {
  const canvas = document.createElement("canvas").getContext("2d");
  const known = new Map<string, number>();
  return (text) => {
    let width = known.get(text);
    if (width === undefined) {
      if (canvas !== null) canvas.font = `700 ${RULER_PX}px ${family}`;
      width = (canvas?.measureText(text).width ?? (text.length * RULER_PX) / 2) / RULER_PX;
      if (known.size > 5_000) known.clear();
      known.set(text, width);
    }
    return width;
  };
}
