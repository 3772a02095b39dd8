/** A surface with every component of the basic catalog, and one that no catalog has, in both versions. */
import { BASIC_CATALOG } from "./a2ui_forms.ts";

export const ICONS = [
  ..."accountCircle add arrowBack arrowForward attachFile calendarToday call camera check close delete".split(" "),
  ..."download edit event error fastForward favorite favoriteOff folder help home info locationOn lock".split(" "),
  ..."lockOpen mail menu moreVert moreHoriz notificationsOff notifications pause payment person phone".split(" "),
  ..."photo play print refresh rewind search send settings share shoppingCart skipNext skipPrevious star".split(" "),
  ..."starHalf starOff stop upload visibility visibilityOff volumeDown volumeMute volumeOff volumeUp warning".split(
    " ",
  ),
];

const DOT = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='120' height='60'/>";
const event = (name: string) => ({ event: { name } });
const data = { items: [{ n: "One" }, { n: "Two" }], pick: ["b"], at: "2026-11-22T12:30", loud: 40, long: "Some text" };

const V09 = [
  { id: "icons", component: "Row", children: ICONS.map((name) => `icon-${name}`) },
  ...ICONS.map((name) => ({ id: `icon-${name}`, component: "Icon", name })),
  { id: "picture", component: "Image", url: DOT, description: "A dot", variant: "smallFeature", fit: "contain" },
  { id: "remote", component: "Image", url: "https://example.org/a.png", description: "From elsewhere" },
  { id: "video", component: "Video", url: "https://example.org/v.mp4" },
  { id: "sound", component: "AudioPlayer", url: "https://example.org/s.mp3", description: "A song" },
  { id: "list", component: "List", children: { componentId: "item", path: "/items" } },
  { id: "item", component: "Text", text: { path: "n" } },
  { id: "line", component: "Divider" },
  { id: "tabs", component: "Tabs", tabs: [{ title: "First", child: "one" }, { title: "Second", child: "two" }] },
  { id: "one", component: "Text", text: "In the first" },
  { id: "two", component: "Text", text: "In the second" },
  {
    id: "pick",
    component: "ChoicePicker",
    label: "Choose",
    options: [{ label: "A", value: "a" }, { label: "B", value: "b" }],
    value: { path: "/pick" },
  },
  { id: "loud", component: "Slider", label: "Volume", max: 100, value: { path: "/loud" } },
  { id: "at", component: "DateTimeInput", label: "When", enableDate: true, enableTime: true, value: { path: "/at" } },
  { id: "long", component: "TextField", label: "Long", variant: "longText", value: { path: "/long" } },
  { id: "modal", component: "Modal", trigger: "open", content: "inside" },
  { id: "open", component: "Button", child: "open-text", action: event("open") },
  { id: "open-text", component: "Text", text: "Open" },
  { id: "inside", component: "Text", text: "Inside" },
  { id: "card", component: "Card", child: "caption" },
  { id: "caption", component: "Text", variant: "caption", text: "A caption" },
];
const TOP = "icons picture remote video sound list line tabs pick loud at long modal card strange".split(" ");

export const GALLERY_V09 = [
  { version: "v0.9", createSurface: { surfaceId: "all", catalogId: BASIC_CATALOG } },
  { version: "v0.9", updateDataModel: { surfaceId: "all", value: data } },
  {
    version: "v0.9",
    updateComponents: {
      surfaceId: "all",
      components: [{ id: "root", component: "Column", children: TOP }, ...V09, {
        id: "strange",
        component: "Gauge",
        value: 3,
      }],
    },
  },
];

const literal = (literalString: string) => ({ literalString });
const text = (value: string, usageHint = "body") => ({ Text: { text: literal(value), usageHint } });

const V08: Readonly<Record<string, unknown>> = {
  root: { Column: { children: { explicitList: TOP } } },
  icons: { Row: { children: { explicitList: ICONS.map((name) => `icon-${name}`) } } },
  ...Object.fromEntries(ICONS.map((name) => [`icon-${name}`, { Icon: { name: literal(name) } }])),
  picture: { Image: { url: literal(DOT), altText: literal("A dot"), usageHint: "smallFeature", fit: "contain" } },
  remote: { Image: { url: literal("https://example.org/a.png"), altText: literal("From elsewhere") } },
  video: { Video: { url: literal("https://example.org/v.mp4") } },
  sound: { AudioPlayer: { url: literal("https://example.org/s.mp3"), description: literal("A song") } },
  list: { List: { children: { template: { componentId: "item", dataBinding: "/items" } } } },
  item: { Text: { text: { path: "n" } } },
  line: { Divider: {} },
  tabs: { Tabs: { tabItems: [{ title: literal("First"), child: "one" }, { title: literal("Second"), child: "two" }] } },
  one: text("In the first"),
  two: text("In the second"),
  pick: {
    MultipleChoice: {
      selections: { path: "/pick" },
      maxAllowedSelections: 1,
      options: [{ label: literal("A"), value: "a" }, { label: literal("B"), value: "b" }],
    },
  },
  loud: { Slider: { value: { path: "/loud" }, minValue: 0, maxValue: 100 } },
  at: { DateTimeInput: { value: { path: "/at" } } },
  long: { TextField: { label: literal("Long"), text: { path: "/long" }, textFieldType: "longText" } },
  modal: { Modal: { entryPointChild: "open", contentChild: "inside" } },
  open: { Button: { child: "open-text", action: { name: "open" } } },
  // The same word as an id: it must stay a word.
  "open-text": text("open"),
  inside: text("Inside"),
  card: { Card: { child: "caption" } },
  caption: text("A caption", "caption"),
};

const component = ([id, wrapped]: readonly [string, unknown]) => ({ id, component: wrapped });

export const GALLERY_V08 = [
  {
    surfaceUpdate: {
      surfaceId: "all",
      components: [...Object.entries(V08).map(component), { id: "strange", component: { Gauge: { value: 3 } } }],
    },
  },
  {
    dataModelUpdate: {
      surfaceId: "all",
      contents: [
        {
          key: "items",
          valueMap: data.items.map(({ n }, at) => ({ key: String(at), valueMap: [{ key: "n", valueString: n }] })),
        },
        { key: "pick", valueString: '["b"]' },
        { key: "at", valueString: data.at },
        { key: "loud", valueNumber: data.loud },
        { key: "long", valueString: data.long },
      ],
    },
  },
  { beginRendering: { surfaceId: "all", root: "root" } },
];
