/** A small stand-in for a realm: runs compiled blocks in a context of their own, with one scope and made-up modules. */
import { createContext, Script } from "node:vm";
import { type Block, findBlocks } from "../../../src/markdown/blocks.ts";
import { compileBlock, type CompiledBlock } from "../../../src/server/repl/compile.ts";

type Scope = Record<string, unknown>;
type BlockFunction = (scope: Scope, host: object) => Promise<unknown>;

export interface BlockRealm {
  /** Compiles and runs a block of its own document. */
  run(code: string, language?: Block["language"]): Promise<unknown>;
  runCompiled(compiled: CompiledBlock, name?: string): Promise<unknown>;
  readonly scope: Scope;
  readonly modules: Record<string, Record<string, unknown>>;
  /** Names of the globals that blocks left behind. */
  globals(): readonly string[];
  /** What the blocks asked the realm for, in order. */
  readonly asked: string[];
}

export const file = "/projects/notes.md";

/** Compiles the first block of a document. */
export function compileDocument(documentText: string, job = "job1"): Promise<CompiledBlock> {
  const [block] = findBlocks(documentText);
  if (!block) throw new Error("The document has no block");
  const { code, language, codeLine, columns } = block;
  return compileBlock({
    code,
    language,
    file,
    documentText,
    job,
    target: "page",
    lineOffset: codeLine,
    columnOffset: columns,
  });
}

export function createBlockRealm(modules: BlockRealm["modules"] = {}): BlockRealm {
  const scope = Object.create(null) as Scope;
  const asked: string[] = [];
  const jobs = new Map<string, Promise<unknown>>();
  const load = async (specifier: string): Promise<Record<string, unknown>> => {
    asked.push(specifier);
    await Promise.resolve();
    const module = modules[specifier];
    if (!module) throw new Error(`no module ${specifier}`);
    return module;
  };
  const host = Object.assign(() => {}, {
    meta: { url: "file:///projects/notes.md" },
    import: load,
    declare(target: Scope, names: readonly string[]) {
      for (const name of names) {
        const { writable } = Object.getOwnPropertyDescriptor(target, name) ?? {};
        if (!writable)
          Object.defineProperty(target, name, {
            value: undefined,
            writable: true,
            configurable: true,
            enumerable: true,
          });
      }
    },
    async bind(target: Scope, specifier: string, bindings: Readonly<Record<string, string>>) {
      const module = await load(specifier);
      for (const [local, imported] of Object.entries(bindings)) {
        const get = (): unknown => (imported === "*" ? module : module[imported]);
        Object.defineProperty(target, local, { get, configurable: true, enumerable: true });
      }
    },
  });
  const before = ["-vitrine", "setTimeout", "console"];
  const context = createContext({
    "-vitrine": { block: (job: string, block: BlockFunction) => jobs.set(job, block(scope, host)) },
    setTimeout,
    console,
  });
  let count = 0;
  const runCompiled = async (compiled: CompiledBlock, name = "block.js"): Promise<unknown> => {
    const job = /\.block\("([^"]+)"/.exec(compiled.script)?.[1] ?? "";
    new Script(compiled.script, { filename: name }).runInContext(context);
    return jobs.get(job);
  };
  return {
    scope,
    modules,
    asked,
    runCompiled,
    globals: () => Object.keys(context).filter((name) => !before.includes(name)),
    async run(code, language = "js") {
      count += 1;
      const documentText = `\`\`\`\`\`\`${language}\n${code}\n\`\`\`\`\`\`\n`;
      return runCompiled(await compileDocument(documentText, `job${count}`));
    },
  };
}
