/** Real pages with the page client, in a real browser, each against a server of its own. */
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../vscode/browser.ts";
import {
  buildPageClient,
  startRealmServer,
  type RealmConnection,
  type RealmServer,
} from "./realm-server.ts";

/** The page at the base. */
export interface Site {
  /** Put before the client, as a page's own HTML never is: only to prepare a browser. */
  readonly before?: string;
  readonly head?: string;
  readonly body?: string;
  readonly base?: string;
  readonly headers?: Record<string, string>;
  /** Whether the client is told that inline scripts run. */
  readonly inline?: boolean;
}

export interface RealmPages {
  openServer(site?: Site): Promise<RealmServer>;
  openPage(address: string): Promise<Page>;
  openRealm(site?: Site): Promise<{ server: RealmServer; page: Page; realm: RealmConnection }>;
  /** Closes what a test opened. */
  closeAll(): Promise<void>;
  /** Ends the browser. */
  stop(): Promise<void>;
}

export function siteHtml(site: Site): string {
  const { before = "", head = "", body = "", base = "/", inline = false } = site;
  const told = inline ? " data-vitrine-inline" : "";
  const script = `<script src="${base}-vitrine/page.js" data-vitrine-base="${base}"${told}></script>`;
  return `<!doctype html><html><head>${before}${script}<title>Shop</title>${head}</head><body>${body}</body></html>`;
}

export async function startRealmPages(): Promise<RealmPages> {
  const client = await buildPageClient();
  const browser: Browser = await launchBrowser();
  const cleanups: (() => Promise<unknown>)[] = [];

  async function openServer(site: Site = {}): Promise<RealmServer> {
    const server = await startRealmServer(client, site.base);
    cleanups.push(() => server.close());
    server.files.set(site.base ?? "/", { body: siteHtml(site), headers: site.headers ?? {} });
    return server;
  }

  async function openPage(address: string): Promise<Page> {
    const context = await browser.newContext();
    cleanups.push(() => context.close());
    const page = await context.newPage();
    await page.goto(address);
    return page;
  }

  return {
    openServer,
    openPage,
    async openRealm(site = {}) {
      const server = await openServer(site);
      const connected = server.connection();
      const page = await openPage(`${server.origin}${site.base ?? "/"}`);
      return { server, page, realm: await connected };
    },
    async closeAll() {
      for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
    },
    stop: () => browser.close(),
  };
}
