/** Test items of one folder: from the file system and a scan of each file, completed by what ran. */
import path from "node:path";
import type { Range, TestController, TestItem, TestItemCollection, Uri } from "vscode";
import { scanTests, type ScannedTest } from "./scan-tests.ts";
import { fullName, type SelectableNode } from "./test-names.ts";

/** What of VS Code is needed; a test passes its own. */
export interface TestTreeApi {
  readonly createTestItem: TestController["createTestItem"];
  readonly fileUri: (file: string) => Uri;
  readonly range: (start: readonly [number, number], end: readonly [number, number]) => Range;
}

export interface TestNode extends SelectableNode {
  readonly item: TestItem;
  readonly children: TestNode[];
}

/** Below this word in its text a file has tests for us; other test files belong to other runners. */
const marker = "node:test";

export class TestTree {
  readonly root: string;
  readonly #api: TestTreeApi;
  /** Where the files of this folder stand: the controller's own items, or those of the folder's item. */
  readonly #items: TestItemCollection;
  readonly #files = new Map<string, TestNode>();
  /** What each file held when it was scanned. */
  readonly #texts = new Map<string, string>();
  readonly #nodes = new WeakMap<TestItem, TestNode>();

  constructor(root: string, items: TestItemCollection, api: TestTreeApi) {
    this.root = root;
    this.#items = items;
    this.#api = api;
  }

  get files(): readonly TestNode[] {
    return [...this.#files.values()];
  }

  /** The node of an item, if it is one of this folder. */
  of(item: TestItem): TestNode | undefined {
    return this.#nodes.get(item);
  }

  file(address: string): TestNode | undefined {
    return this.#files.get(address);
  }

  /** Takes the text of a file; one without tests of ours goes. */
  update(address: string, text: string): void {
    if (!text.includes(marker)) return this.remove(address);
    const node = this.#file(address);
    // The same text says nothing new, and tests that only a run could name stay.
    if (this.#texts.get(address) === text) return;
    this.#texts.set(address, text);
    const place = placesOf(text);
    this.#replace(node, { tests: scanTests(text), suites: [], place });
  }

  remove(address: string): void {
    const node = this.#files.get(address);
    if (!node) return;
    this.#files.delete(address);
    this.#texts.delete(address);
    this.#items.delete(node.id);
  }

  /** Removes the files that are none of these. */
  keep(addresses: ReadonlySet<string>): void {
    for (const address of this.#files.keys()) if (!addresses.has(address)) this.remove(address);
  }

  /**
   * The test of that name, made when a scan could not see it: its name is not written out in the file. A suite that a run
   * knows a result of stands for itself.
   * @param suite names of its suites joined by ` > `.
   */
  test(address: string, suite: string, name: string): TestNode {
    const file = this.#file(address);
    const wanted = suite === "" ? name : fullName([suite], name);
    const known = find(file, wanted, "test") ?? find(file, wanted, "suite");
    if (known) return known;
    const suites = suite === "" ? [] : suite.split(" > ");
    let parent: TestNode = file;
    for (const [index, each] of suites.entries()) {
      const described = {
        kind: "suite" as const,
        name: each,
        fullName: fullName(suites.slice(0, index), each),
      };
      // Parts of a test are told like tests of a suite of its name.
      parent =
        parent.children.find((child) => child.fullName === described.fullName) ??
        this.#add(parent, described);
    }
    return this.#add(parent, { kind: "test", name, fullName: wanted });
  }

  #file(address: string): TestNode {
    const known = this.#files.get(address);
    if (known) return known;
    const id = `${this.root}\n${address}`;
    const label = address.replace(/^\//, "");
    const uri = this.#api.fileUri(path.join(this.root, address));
    const item = this.#api.createTestItem(id, label, uri);
    const node: TestNode = {
      id,
      kind: "file",
      root: this.root,
      file: address,
      fullName: "",
      item,
      children: [],
    };
    this.#files.set(address, node);
    this.#nodes.set(item, node);
    this.#items.add(item);
    return node;
  }

  /** Items keep their identity, and with it their last result, as long as their name stays. */
  #replace(parent: TestNode, scan: Scan): void {
    const old = new Map(parent.children.map((child) => [child.id, child]));
    const next: TestNode[] = [];
    for (const test of scan.tests) {
      const described = {
        kind: test.kind,
        name: test.name,
        fullName: fullName(scan.suites, test.name),
      };
      const id = childId(parent, described);
      // Two tests of one name cannot be told apart by a run either; the first one stands for both.
      if (next.some((child) => child.id === id)) continue;
      const node = old.get(id) ?? this.#create(parent, described);
      node.item.range = this.#api.range(scan.place(test.start), scan.place(test.end));
      this.#replace(node, {
        ...scan,
        tests: test.kind === "suite" ? test.children : [],
        suites: [...scan.suites, test.name],
      });
      next.push(node);
    }
    parent.children.splice(0, parent.children.length, ...next);
    parent.item.children.replace(next.map(({ item }) => item));
  }

  #add(parent: TestNode, described: Described): TestNode {
    const node = this.#create(parent, described);
    parent.children.push(node);
    parent.item.children.add(node.item);
    return node;
  }

  #create(parent: TestNode, described: Described): TestNode {
    const id = childId(parent, described);
    const item = this.#api.createTestItem(id, described.name, parent.item.uri);
    const { kind } = described;
    const { root } = this;
    const { file } = parent;
    const node: TestNode = {
      id,
      kind,
      root,
      file,
      fullName: described.fullName,
      item,
      children: [],
    };
    this.#nodes.set(item, node);
    return node;
  }
}

interface Described {
  readonly kind: "suite" | "test";
  readonly name: string;
  readonly fullName: string;
}

interface Scan {
  readonly tests: readonly ScannedTest[];
  /** Names of the suites around them. */
  readonly suites: readonly string[];
  readonly place: (offset: number) => readonly [number, number];
}

function childId(parent: TestNode, { kind, name }: Described): string {
  return `${parent.id}\n${kind} ${name}`;
}

function find(node: TestNode, wanted: string, kind: TestNode["kind"]): TestNode | undefined {
  if (node.kind === kind && node.fullName === wanted) return node;
  for (const child of node.children) {
    const found = find(child, wanted, kind);
    if (found) return found;
  }
  return undefined;
}

/** Turns offsets into 0-based lines and columns. */
function placesOf(text: string): (offset: number) => readonly [number, number] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return [low, offset - starts[low]!];
  };
}
