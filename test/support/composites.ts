/** A workspace with a page that shows plugins of other projects, each with packages of its own. */
import { mkdir, readdir, symlink } from "node:fs/promises";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import type { Config, HostMethods } from "../../src/protocol/contract.ts";
import { replaceInFile } from "./edits.ts";
import { removeTree, startServer, writeTree, type TestServer } from "./server.ts";

export interface CompositeOptions {
  /** Files of the workspace folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Projects by the order in which they are written, each in the folder of its id. */
  readonly projects: Readonly<Record<string, object>>;
  /** A `node_modules` folder, whose packages each project gets. */
  readonly modules?: string;
  /** Back ends of projects. */
  readonly backends?: Readonly<Record<string, object>>;
  readonly config?: Partial<Config>;
  readonly host?: Partial<HostMethods>;
}

export interface Composite {
  readonly root: string;
  readonly server: TestServer;
  /** Opens the page of a project. */
  open(id: string): Promise<string>;
  edit(file: string, from: string, to: string): Promise<void>;
}

/** Everything of it is gone after the test. */
export async function openComposite(options: CompositeOptions): Promise<Composite> {
  const { files, projects, modules, backends = {}, config = {}, host = {} } = options;
  const list = Object.entries(projects).map(([id, ui]) => ({
    id,
    root: id,
    ui,
    backend: backends[id],
  }));
  const root = await writeTree({
    ...files,
    "vitrine.json": JSON.stringify({ devServers: { projects: list } }),
  });
  onTestFinished(() => removeTree(root));
  if (modules !== undefined)
    for (const { id } of list) await linkPackages(modules, path.join(root, id, "node_modules"));
  const server = await startServer({ folders: [root], config, host });
  onTestFinished(() => server.stop());
  return {
    root,
    server,
    async open(id) {
      await server.methods.openSession(path.join(root, id));
      return (await server.sessionIs(id, "live")).url;
    },
    edit: (file, from, to) => replaceInFile(path.join(root, file), from, to),
  };
}

/** A folder of its own, so that there is room for further packages and for what Vite has bundled. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (name.startsWith(".")) continue;
    if (name.startsWith("@")) await linkPackages(path.join(from, name), path.join(to, name));
    else await symlink(path.join(from, name), path.join(to, name));
  }
}

/** The page is closed after the test. */
export async function visit(
  browser: Browser,
  url: string,
  before?: (page: Page) => Promise<unknown>,
): Promise<{ readonly page: Page }> {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await before?.(page);
  await page.goto(url);
  return { page };
}
