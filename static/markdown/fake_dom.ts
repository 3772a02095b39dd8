/** The few DOM classes that the Markdown writer touches, for tests outside a browser. */

export class FakeText {
  constructor(readonly data: string) {}
}

export class FakeElement {
  readonly nodes: (FakeElement | FakeText)[] = [];
  readonly attributes = new Map<string, string>();
  parentElement: FakeElement | null = null;
  readonly tagName: string;
  constructor(tag: string, readonly ownerDocument: FakeDocument) {
    this.tagName = tag.toUpperCase();
  }
  get children(): FakeElement[] {
    return this.nodes.filter((node) => node instanceof FakeElement);
  }
  set className(value: string) {
    this.attributes.set("class", value);
  }
  append(...nodes: (FakeElement | FakeText)[]): void {
    for (const node of nodes) {
      if (node instanceof FakeElement) node.parentElement = this;
      this.nodes.push(node);
    }
  }
  replaceChildren(...nodes: (FakeElement | FakeText)[]): void {
    this.nodes.length = 0;
    this.append(...nodes);
  }
  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }
  /** Every element below this one. */
  all(): FakeElement[] {
    return this.children.flatMap((child) => [child, ...child.all()]);
  }
  get text(): string {
    return this.nodes.map((node) => node instanceof FakeElement ? node.text : node.data).join("");
  }
  /** A readable picture of the tree; neighbouring texts count as one. */
  get html(): string {
    const attributes = [...this.attributes].map(([name, value]) => ` ${name}="${value}"`).join("");
    const inner = this.nodes.map((node) => node instanceof FakeElement ? node.html : node.data).join("");
    return `<${this.tagName.toLowerCase()}${attributes}>${inner}</${this.tagName.toLowerCase()}>`;
  }
}

export class FakeDocument {
  createElement(tag: string): FakeElement {
    return new FakeElement(tag, this);
  }
  createTextNode(data: string): FakeText {
    return new FakeText(data);
  }
}
