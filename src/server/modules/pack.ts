/** A pack: modules in one script that registers them. Named by its content. Pure. */
import { PACKS_GLOBAL } from "../../protocol/packs.ts";
import type { Graph } from "./walk.ts";
import { hashOf, type PackedModule } from "./wrap.ts";

export interface Pack {
  readonly hash: string;
  readonly modules: Graph;
  /** Script text that stands before the modules, without a line end at its end. */
  readonly head: string;
  /** The lines of its modules, when they are at hand as bytes. */
  readonly body?: Buffer;
}

/** Raised when the text of packs changes in another way than by their modules. */
const format = 1;

/**
 * @param head the page runtime, in the pack that is loaded first
 * @param body the lines of the modules, if they are at hand
 */
export function createPack(modules: Graph, head = "", body?: Buffer): Pack {
  const parts = [...modules].map(([key, module]) => `${key}\0${module?.hash ?? ""}\n`);
  const hash = hashOf(`${format}\n${head}\n${parts.join("")}`);
  return { hash, modules, head, ...(body && { body }) };
}

/** The script. Modules that the page has already keep their first registration. */
export function packText(pack: Pack): string {
  const body = [...pack.modules].map(([key, module]) => `${entryText(key, module)}\n`);
  return before(pack) + body.join("") + after(pack);
}

export function packBytes(pack: Pack): Buffer {
  const { body } = pack;
  if (body === undefined) return Buffer.from(packText(pack));
  return Buffer.concat([Buffer.from(before(pack)), body, Buffer.from(after(pack))]);
}

function before({ head, hash }: Pack): string {
  const first = head === "" ? "" : `${head}\n`;
  return `${first}(self.${PACKS_GLOBAL}??=[]).push([${JSON.stringify(hash)},{\n`;
}

function after({ hash }: Pack): string {
  return `}]);\n//# sourceMappingURL=${hash}.js.map\n`;
}

/** The line, or lines, that register a module. */
export function entryText(key: string, module: PackedModule | null): string {
  if (module === null) return `${JSON.stringify(key)}:null,`;
  return `${JSON.stringify(key)}:[${JSON.stringify(module.deps)},${Number(module.isAsync)},${module.text}],`;
}

export interface Section {
  readonly key: string;
  readonly module: PackedModule;
  /** 0-based line of the script on which the module's own code begins. */
  readonly line: number;
}

/** Where the code of each module begins. */
export function sectionsOf({ modules, head }: Pack): Section[] {
  const sections: Section[] = [];
  let line = (head === "" ? 0 : lineCount(head)) + 1;
  for (const [key, module] of modules) {
    if (module !== null) sections.push({ key, module, line: line + 1 });
    line += module === null ? 1 : lineCount(module.text);
  }
  return sections;
}

/** @param line 0-based @returns the module on that line, and the line within its own code */
export function locate(pack: Pack, line: number): { section: Section; line: number } | undefined {
  const section = sectionsOf(pack).findLast((candidate) => candidate.line <= line);
  if (section === undefined) return undefined;
  const within = line - section.line;
  return within < lineCount(section.module.text) - 2 ? { section, line: within } : undefined;
}

function lineCount(text: string): number {
  let count = 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
