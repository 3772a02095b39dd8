/** The width of the canvas: dragged or moved by keys, remembered in this browser. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { keep } from "../state/keep.ts";

const NAME = "canvas-width";
const MIN = 25;
const MAX = 70;
const USUAL = 45;
const STEP = 5;

const within = (percent: number): number => Math.round(Math.min(MAX, Math.max(MIN, percent)));

function kept(): number {
  const percent = Number(keep.get(NAME));
  return Number.isFinite(percent) && percent > 0 ? within(percent) : USUAL;
}

/** Sets the width of `panel` in percent of what chat and canvas have together; returns the handle's properties. */
export function useWidth(panel: { readonly current: HTMLElement | null }, active: boolean) {
  const [percent, setPercent] = useState(kept);
  const dragging = useRef(false);
  useLayoutEffect(() => {
    // Set through the style object: the page's policy forbids style attributes, and the panel comes and goes.
    if (active) panel.current?.style.setProperty("flex-basis", `${percent}%`);
    else panel.current?.style.removeProperty("flex-basis");
  });
  const set = (next: number) => {
    const value = within(next);
    setPercent(value);
    keep.set(NAME, String(value));
  };
  const drag = (on: boolean) => {
    dragging.current = on;
    panel.current?.toggleAttribute("data-dragging", on);
  };
  return {
    role: "separator" as const,
    tabIndex: 0,
    "aria-orientation": "vertical" as const,
    "aria-valuemin": MIN,
    "aria-valuemax": MAX,
    "aria-valuenow": percent,
    onDblClick: () => set(USUAL),
    onKeyDown: (event: KeyboardEvent) => {
      const step = event.key === "ArrowLeft" ? STEP : event.key === "ArrowRight" ? -STEP : 0;
      if (!step) return;
      event.preventDefault();
      set(percent + step);
    },
    // The frame would swallow the pointer: it is captured, and the frame takes none of it meanwhile.
    onPointerDown: (event: PointerEvent) => {
      if (!(event.currentTarget instanceof Element)) return;
      event.preventDefault();
      event.currentTarget.setPointerCapture(event.pointerId);
      drag(true);
    },
    onPointerMove: (event: PointerEvent) => {
      const room = panel.current?.parentElement?.getBoundingClientRect();
      if (dragging.current && room) set((room.right - event.clientX) / room.width * 100);
    },
    onPointerUp: () => drag(false),
    onPointerCancel: () => drag(false),
  };
}
