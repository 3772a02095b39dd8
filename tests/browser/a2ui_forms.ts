/** The same small form in both versions: a heading, two fields, a box to tick, and a button. */

export const BASIC_CATALOG = "https://a2ui.org/specification/v0_9/catalogs/basic/catalog.json";

export const FORM_V09 = [
  { version: "v0.9", createSurface: { surfaceId: "form", catalogId: BASIC_CATALOG } },
  { version: "v0.9", updateDataModel: { surfaceId: "form", path: "/", value: { name: "", guests: "2", news: false } } },
  {
    version: "v0.9",
    updateComponents: {
      surfaceId: "form",
      components: [
        { id: "root", component: "Card", child: "all" },
        { id: "all", component: "Column", children: ["title", "intro", "name", "guests", "news", "row"] },
        { id: "title", component: "Text", text: "Book a table", variant: "h2" },
        { id: "intro", component: "Text", text: "We keep it for **15 minutes**. [Map](https://example.org/map)" },
        { id: "name", component: "TextField", label: "Your name", value: { path: "/name" } },
        { id: "guests", component: "TextField", label: "Guests", variant: "number", value: { path: "/guests" } },
        { id: "news", component: "CheckBox", label: "Send me news", value: { path: "/news" } },
        { id: "row", component: "Row", children: ["send", "icon", "more"] },
        { id: "icon", component: "Icon", name: "calendarToday" },
        {
          id: "send",
          component: "Button",
          child: "send-text",
          variant: "primary",
          action: {
            event: {
              name: "book table",
              context: { name: { path: "/name" }, guests: { path: "/guests" }, news: { path: "/news" } },
            },
          },
        },
        { id: "send-text", component: "Text", text: "Book" },
        {
          id: "more",
          component: "Button",
          child: "more-text",
          action: { functionCall: { call: "openUrl", args: { url: "https://example.org/menu" }, returnType: "void" } },
        },
        { id: "more-text", component: "Text", text: "Menu" },
      ],
    },
  },
];

const literal = (literalString: string) => ({ literalString });

export const FORM_V08 = [
  {
    surfaceUpdate: {
      surfaceId: "form",
      components: [
        { id: "root", component: { Card: { child: "all" } } },
        {
          id: "all",
          component: { Column: { children: { explicitList: ["title", "intro", "name", "guests", "news", "row"] } } },
        },
        { id: "title", component: { Text: { text: literal("Book a table"), usageHint: "h2" } } },
        {
          id: "intro",
          component: { Text: { text: literal("We keep it for **15 minutes**. [Map](https://example.org/map)") } },
        },
        { id: "name", component: { TextField: { label: literal("Your name"), text: { path: "/name" } } } },
        {
          id: "guests",
          component: { TextField: { label: literal("Guests"), text: { path: "/guests" }, textFieldType: "number" } },
        },
        { id: "news", component: { CheckBox: { label: literal("Send me news"), value: { path: "/news" } } } },
        { id: "row", component: { Row: { children: { explicitList: ["send", "icon"] } } } },
        { id: "icon", component: { Icon: { name: literal("calendarToday") } } },
        {
          id: "send",
          component: {
            Button: {
              child: "send-text",
              primary: true,
              action: {
                name: "book table",
                context: ["name", "guests", "news"].map((key) => ({ key, value: { path: `/${key}` } })),
              },
            },
          },
        },
        { id: "send-text", component: { Text: { text: literal("Book") } } },
      ],
    },
  },
  {
    dataModelUpdate: {
      surfaceId: "form",
      contents: [
        { key: "name", valueString: "" },
        { key: "guests", valueString: "2" },
        { key: "news", valueBoolean: false },
      ],
    },
  },
  { beginRendering: { surfaceId: "form", root: "root" } },
];
