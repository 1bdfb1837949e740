/** Watches a tree that is larger than the system's limit, changes a file of it, and says what it was told. */
import { EventEmitter, once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { watchSources } from "../../src/server/dev-servers/builds/source-watcher.ts";
import { removeTree, writeTree } from "./server.ts";

const names = Array.from({ length: 10 }, (_, n) => `src/d${n}/a.ts`);
const root = await writeTree(Object.fromEntries(names.map((name) => [name, "1"])));
const changes = new EventEmitter();
const watcher = watchSources({
  root,
  include: ["src/**/*.ts"],
  exclude: [],
  outputs: [],
  changed: (file) => changes.emit("changed", file),
  warned: (message) => console.log(`warned ${message}`),
});
await watcher.ready;
const changed = once(changes, "changed");
await writeFile(path.join(root, "src/d7/a.ts"), "two, and longer");
console.log(`changed ${String((await changed)[0])}`);
await watcher.close();
await removeTree(root);
