/** Files for realms that lie in no project: test modules, test frame, page client, and modules as workers need them. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { UserError } from "../../protocol/errors.ts";
import { entries } from "../entries.ts";
import { createPathGate } from "../files/path-gate.ts";
import { securityHeaders } from "../gateway/response-headers.ts";
import { isKept } from "./kept-files.ts";
import { mimeTypeOf } from "./mime-types.ts";
import { NEVER_STORED } from "./site.ts";
import { withTestModules } from "./worker-modules.ts";

export interface RealmFiles {
  /**
   * Answers GET and HEAD for `/-daebug-node:test.js`, `/-daebug-node:assert.js`, `/-daebug-iframe.html`,
   * `/-daebug-client.js`, `/-daebug-worker-bootstrap.js` and, with a root, `/-daebug-m/…`.
   * @param localPath path below the base, decoded once
   * @returns false when it is none of them; nothing was answered then
   */
  answer(localPath: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export interface RealmFilesOptions {
  /** Public base with a slash at both ends, as it is at the time of a request. */
  base(): string;
  /** Absolute root of the files below `-daebug-m/`; absent where another server delivers them. */
  readonly root?: string;
  /** Where our own files were built to; beside the server unless a test says otherwise. */
  readonly built?: BuiltFiles | undefined;
}

export type BuiltFiles = Pick<typeof entries, "nodeTest" | "nodeAssert" | "pageClient">;

const workerPrefix = "/-daebug-m/";

export function createRealmFiles({ base, root, built = entries }: RealmFilesOptions): RealmFiles {
  const modules = root === undefined ? undefined : createPathGate({ roots: [root] });

  /** The text of a file, or undefined when there is none. */
  const workerModule = async (name: string): Promise<string | Buffer | undefined> => {
    try {
      const { handle } = (await modules?.open(name)) ?? {};
      const bytes = await handle?.readFile().finally(() => handle.close());
      return bytes && isScript(name) ? withTestModules(bytes.toString(), name, base()) : bytes;
    } catch (error) {
      if (error instanceof UserError && error.code !== "internal") return undefined;
      throw error;
    }
  };

  return {
    async answer(localPath, _request, response) {
      if (modules !== undefined && localPath.startsWith(workerPrefix)) {
        const name = localPath.slice(workerPrefix.length);
        const found = isKept(name) ? undefined : await workerModule(name);
        if (found === undefined) send(response, 404, "text/plain; charset=utf-8", "No such module");
        else send(response, 200, mimeTypeOf(name), found);
        return true;
      }
      const text = await ownFile(localPath, base, built);
      if (text !== undefined) send(response, 200, mimeTypeOf(localPath), text);
      return text !== undefined;
    },
  };
}

/** A frame for tests: no client, no import map; the runner brings what is needed. */
export function testFrame(base: string): string {
  const href = base.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<!doctype html>\n<html><head><meta charset="utf-8"><base href="${href}"></head><body></body></html>\n`;
}

async function ownFile(
  localPath: string,
  base: () => string,
  built: BuiltFiles,
): Promise<string | undefined> {
  switch (localPath) {
    case "/-daebug-node:test.js":
      return read(built.nodeTest);
    case "/-daebug-node:assert.js":
      return read(built.nodeAssert);
    case "/-daebug-worker-bootstrap.js":
      return read(entries.workerBootstrap);
    case "/-daebug-client.js":
      return knowingItsBase + (await read(built.pageClient));
    case "/-daebug-iframe.html":
      return testFrame(base());
    default:
      return undefined;
  }
}

/** The client takes its base from its element; as a file it stands directly below it. */
const knowingItsBase =
  '(s=>s&&s.src&&!s.hasAttribute("data-vitrine-base")&&s.setAttribute("data-vitrine-base",new URL(".",s.src).pathname))(document.currentScript);\n';

const files = new Map<string, Promise<string>>();

/** Read once: what is built does not change while we run. */
export async function read(file: string): Promise<string> {
  const text = files.get(file) ?? readFile(file, "utf8").then(withoutSourceMap);
  files.set(file, text);
  text.catch(() => files.delete(file));
  return text;
}

/** Its map is not served, and would be looked for in the user's project. */
function withoutSourceMap(text: string): string {
  return text.replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n");
}

function isScript(name: string): boolean {
  return /\.[cm]?js$/i.test(name);
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response
    .writeHead(status, {
      ...securityHeaders("content"),
      "content-type": type,
      "cache-control": NEVER_STORED,
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
}
