/** A small app that tries the semantics of modules and writes what it saw into `globalThis.seen`. No dependencies. */

/** Counts evaluations by address, versions apart. */
const count =
  "const at = new URL(import.meta.url); (globalThis.evaluated ??= []).push(at.pathname + at.search);\n";

const modules: Readonly<Record<string, string>> = {
  "src/main.ts": `
import "./order-a.ts";
import { fromA, readB } from "./cycle-a.ts";
import { n, increase, self } from "./live.ts";
import { waited, order } from "./waits.ts";
import * as stars from "./stars.ts";
import anonymous from "./anonymous.ts";
import { Child } from "./child.ts";
import data, { answer } from "./data.json";
import raw from "./text.txt?raw";
import url from "./text.txt?url";
import styles from "./box.module.css";
import inline from "./inline.css?inline";
import Work from "./work.ts?worker";
import { external } from "data:text/javascript,export const external = 4";
import "./box.css";

const seen: Record<string, unknown> = {};
const tried = async (name: string, run: () => unknown): Promise<void> => {
  try {
    seen[name] = await run();
  } catch (error) {
    seen[name] = { name: (error as Error).name };
  }
};
document.addEventListener("DOMContentLoaded", () => { seen.contentLoaded = true; });
seen.currentScript = document.currentScript;
seen.cycle = [fromA(), readB()];
seen.live = [n, (increase(), n), self() === increase];
seen.waited = [waited, order.join()];
seen.stars = [Object.keys(stars).toSorted(), stars.renamed, stars.inner.one, Object.prototype.toString.call(stars)];
seen.names = [anonymous.name, new Child().hello()];
seen.data = [data.answer, answer, raw, url];
seen.css = [typeof styles.box, inline.includes("gold")];
seen.external = external;
seen.self = (function (this: unknown) { return this === undefined; })();
seen.env = [import.meta.env.MODE, import.meta.env.DEV, import.meta.env.BASE_URL];
seen.meta = [new URL(import.meta.url).pathname, new URL("./x.png", import.meta.url).pathname];
const eager = import.meta.glob("./glob/*.ts", { eager: true, import: "value" });
seen.eager = eager;
const lazy = import.meta.glob("./glob/*.ts", { import: "value" });
await tried("lazy", () => Promise.all(Object.values(lazy).map((load) => load())));
await tried("dynamic", async () => (await import("./dynamic.ts")).value);
const part = "named";
await tried("template", async () => (await import(\`./names/\${part}.ts\`)).value);
const ignored = "/src/ignored.ts";
await tried("ignored", async () => (await import(/* @vite-ignore */ ignored)).value);
await tried("absent", () => import(/* @vite-ignore */ ["/src", "absent.ts"].join("/")));
await tried("missingName", () => import("./missing-name.ts"));
await tried("failing", () => import("./failing.ts"));
await tried("failingAgain", () => import("./failing.ts"));
await tried("same", async () => (await import("./dynamic.ts")) === (await import("./dynamic.ts")));
await tried("namespace", async () => { (await import("./dynamic.ts") as any).value = 3; });
const answerOf = (worker: Worker): Promise<unknown> =>
  new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); worker.postMessage(20); });
await tried("worker", () => answerOf(new Work()));
await tried("workerUrl", () =>
  answerOf(new Worker(new URL("./work.ts", import.meta.url), { type: "module" })));
seen.box = getComputedStyle(document.querySelector("#box")!).color;
seen.scripts = (globalThis as any).scripts;
document.querySelector("#state")!.textContent = "done";
(globalThis as any).seen = seen;
`,
  "src/order-a.ts": "(globalThis.scripts ??= []).push('main');",
  "src/cycle-a.ts":
    "import { b, callA } from './cycle-b.ts';\nexport function fromA() { return 'a'; }\nexport const readB = () => b + callA;",
  "src/cycle-b.ts":
    "import { fromA } from './cycle-a.ts';\nexport const b = 'b';\nexport const callA = fromA();",
  "src/live.ts":
    "import * as me from './live.ts';\nexport let n = 1;\nexport const increase = () => { n += 1; };\nexport const self = () => me.increase;",
  "src/waits.ts":
    "export * from './waits-deep.ts';\nimport { order } from './waits-order.ts';\nimport './waits-sibling.ts';\nexport { order };\norder.push('parent');",
  "src/waits-deep.ts":
    "import { order } from './waits-order.ts';\norder.push('begin');\nexport const waited = await new Promise((resolve) => setTimeout(resolve, 20, 3));\norder.push('end');",
  "src/waits-sibling.ts": "import { order } from './waits-order.ts';\norder.push('sibling');",
  "src/waits-order.ts": "export const order: string[] = [];",
  "src/stars.ts":
    "export * from './star-one.ts';\nexport { one as renamed } from './star-one.ts';\nexport * as inner from './star-one.ts';\nexport const own = 1;\nexport default 7;",
  "src/star-one.ts": "export const one = 1, two = 2;\nexport default 'not exported by a star';",
  "src/anonymous.ts": "export default function () {}",
  "src/child.ts":
    "import Parent from './parent.ts';\nexport class Child extends Parent { hello() { return super.hello() + '!'; } }",
  "src/parent.ts": "export default class { hello() { return 'hello'; } }",
  "src/dynamic.ts": "export const value = 'dynamic';",
  "src/ignored.ts": "export const value = 'ignored';",
  "src/names/named.ts": "export const value = 'named';",
  "src/names/other.ts": "export const value = 'other';",
  "src/glob/one.ts": "export const value = 1;",
  "src/glob/two.ts": "import { value as one } from './one.ts';\nexport const value = one + 1;",
  "src/missing-name.ts": "import { nowhere } from './dynamic.ts';\nconsole.debug(nowhere);",
  "src/failing.ts": "throw new RangeError('it fails');",
};

/** Not modules of the page, or not TypeScript. */
const others: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "semantics", "type": "module" }',
  "index.html": `<!doctype html>
<html><head><title>Semantics</title>
<!-- <script type="module" src="/src/never.ts"></script> -->
<script type="module">(globalThis.scripts ??= []).push("first");</script>
</head><body><p id="box">box</p><p id="state"></p>
<script type="module" src="./src/main.ts"></script>
<script type="module">(globalThis.scripts ??= []).push("last");</script>
</body></html>`,
  "src/data.json": '{ "answer": 42 }',
  "src/text.txt": "text",
  "src/box.css": "#box { color: rgb(1, 2, 3); }",
  "src/box.module.css": ".box { color: red; }",
  "src/inline.css": ".inline { color: gold; }",
  "src/work.ts": "onmessage = ({ data }) => postMessage(data + 1);",
};

/** @param more files added, or put in the place of others */
export function semanticsApp(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const counted = Object.entries(modules).map(([name, text]) => [name, counting(text)]);
  return { ...Object.fromEntries(counted), ...others, ...more };
}

/** Imports are hoisted, so the count may stand above them. */
function counting(text: string): string {
  return count + text;
}
