/** The few drawings of the page, as strokes in the colour of the text. */
import { Drawing, Mark, NOTE_PATHS } from "../../page/drawings.tsx";

const PATHS = {
  ...NOTE_PATHS,
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4-4",
  menu: "M4 7h16M4 12h16M4 17h10",
  close: "M6 6l12 12M18 6L6 18",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM13.5 7.5l3 3",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  send: "M12 19V5M6 11l6-6 6 6",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9.5h.01",
  down: "M12 5v14M6 13l6 6 6-6",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M9 6l6 6-6 6",
  devices: "M3 5h13v10H3zM2 19h10M17 9h4v10h-4z",
  canvas: "M4 5h16v14H4zM13.5 5v14M16.5 9h1M16.5 12h1",
  nodes: "M7 3h7v18H7zM10 18h1M17 8a5.500 5.500 0 0 1 0 8M19.500 5.500a9 9 0 0 1 0 13",
  wide: "M9 5H5v5M15 19h4v-5M5 5l5.500 5.500M19 19l-5.500-5.500",
  narrow: "M10 5v5H5M14 19v-5h5M10 10L4.500 4.500M14 14l5.500 5.500",
  terminal: "M4 5h16v14H4zM7.500 9l3 3-3 3M13 15h4",
  link:
    "M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1",
  channels: "M4 5h12v8H9l-3 3v-3H4zM19 9h1v8h-2v3l-3-3h-4v-1",
  retry: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  bulb: "M9 18h6M10 21h4M8 14a6 6 0 1 1 8 0c-.7.7-1 1.300-1 2H9c0-.7-.3-1.300-1-2z",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
} as const;
export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => <Drawing path={PATHS[name]} />;

export { Mark };
