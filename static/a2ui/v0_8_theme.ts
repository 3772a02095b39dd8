/** Class names for the package's own v0.8 elements, which draw nothing without a theme. */
import type { Types } from "@a2ui/lit/v0_8";

const none = {};
const parts = { container: none, element: none, label: none };

export const theme: Types.Theme = {
  components: {
    AudioPlayer: none,
    Button: none,
    Card: { card: true },
    Column: { column: true },
    CheckBox: parts,
    DateTimeInput: parts,
    Divider: none,
    Image: {
      all: none,
      icon: none,
      avatar: none,
      smallFeature: none,
      mediumFeature: none,
      largeFeature: none,
      header: none,
    },
    Icon: none,
    List: { list: true },
    Modal: { backdrop: none, element: none },
    MultipleChoice: parts,
    Row: { row: true },
    Slider: parts,
    Tabs: { container: { tabs: true }, element: none, controls: { all: none, selected: { chosen: true } } },
    Text: { all: none, h1: none, h2: none, h3: none, h4: none, h5: none, caption: none, body: none },
    TextField: parts,
    Video: none,
  },
  elements: {
    a: none,
    audio: none,
    body: none,
    button: none,
    h1: none,
    h2: none,
    h3: none,
    h4: none,
    h5: none,
    iframe: none,
    input: none,
    p: none,
    pre: none,
    textarea: none,
    video: none,
  },
  markdown: { p: [], h1: [], h2: [], h3: [], h4: [], h5: [], ul: [], ol: [], li: [], a: [], strong: [], em: [] },
};
