/** The few drawings of the page, as strokes in the colour of the text. */
import { Drawing, Mark, NOTE_PATHS } from "../../page/drawings.tsx";

const PATHS = {
  ...NOTE_PATHS,
  canvas: "M4 5h16v12H4zM9 21h6M12 17v4",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z",
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.500 11a6.500 6.500 0 0 0 13 0M12 17.500V21",
  screen: "M3 5h18v11H3zM8 20h8M12 8.500a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  location:
    "M12 21c4-4.500 6.500-7.700 6.500-11a6.500 6.500 0 1 0-13 0c0 3.300 2.500 6.500 6.500 11zM12 7.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5z",
  notify: "M6 16V11a6 6 0 1 1 12 0v5l1.500 2h-15zM10 20.500h4",
  expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  shrink: "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5",
  close: "M6 6l12 12M18 6L6 18",
};

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => <Drawing path={PATHS[name]} />;

export { Mark };
