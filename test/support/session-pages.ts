/** A live session of a folder of its own, with a fresh page for each test of the file. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { Realm, Session } from "../../src/protocol/model.ts";
import { launchBrowser } from "../vscode/browser.ts";
import { eventually } from "./eventually.ts";
import { removeTree, startServer, writeTree, type TestServer } from "./server.ts";

export interface SessionPages {
  /** Absolute. */
  readonly root: string;
  readonly server: TestServer;
  readonly session: Session;
  /** Of the test that runs, in a context of its own. */
  readonly page: Page;
  realms(): readonly Realm[];
}

/** To be called at the top of a test file; what it gives is there once tests run. */
export function useSessionPages(
  files: Readonly<Record<string, string>>,
  name?: string,
): SessionPages {
  let root: string;
  let server: TestServer;
  let session: Session;
  let browser: Browser;
  let page: Page;
  const realms = (): readonly Realm[] => server.sessions[0]?.realms ?? [];

  beforeAll(async () => {
    root = await writeTree(files, name);
    [server, browser] = await Promise.all([startServer({ folders: [root] }), launchBrowser()]);
    const { id } = await server.methods.openSession(root);
    session = await server.sessionIs(id, "live");
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await removeTree(root);
  });
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
  });
  afterEach(async () => {
    await page.context().close();
    await eventually("the realms to go", () => realms().every(({ state }) => state === "away"));
  });

  return {
    get root() {
      return root;
    },
    get server() {
      return server;
    },
    get session() {
      return session;
    },
    get page() {
      return page;
    },
    realms,
  };
}
