/** A page of another origin as a realm (REPL specification 20): two origins, the link as a person clicks it. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createCommands, type Commands, type ReplProcess } from "../support/repl-process.ts";
import { removeTree, writeTree } from "../support/server.ts";
import { launchBrowser } from "../vscode/browser.ts";

let browser: Browser;
let commands: Commands;
let root: string;
let foreign: Server;
let origin: string;
/** Content policy of the foreign page. */
let policy: string | undefined;
const servers: ReplProcess[] = [];

beforeAll(async () => {
  commands = await createCommands();
  root = await writeTree({ "index.html": "<!doctype html><title>own</title>" });
  foreign = createServer((_request, response) => {
    const headers = policy === undefined ? {} : { "content-security-policy": policy };
    response
      .writeHead(200, { ...headers, "content-type": "text/html" })
      .end("<!doctype html><title>shop</title><script>window.items = 3</script><p>A shop</p>");
  });
  await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  browser = await launchBrowser();
});
afterEach(async () => {
  policy = undefined;
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(async () => {
  await browser?.close();
  foreign?.closeAllConnections();
  await new Promise((resolve) => foreign?.close(resolve));
  await commands?.end();
  if (root !== undefined) await removeTree(root);
});

async function start(...args: readonly string[]): Promise<ReplProcess> {
  const server = await commands.repl(root, args);
  servers.push(server);
  return server;
}

/** Address of the link on the bookmarklet's page. */
async function linkOf(server: ReplProcess): Promise<string> {
  const page = await browser.newPage();
  await page.goto(`${server.origin}/-daebug/bookmarklet`);
  const link = (await page.locator("a").getAttribute("href")) ?? "";
  await page.close();
  expect(link).toMatch(/^javascript:/);
  expect(link.length).toBeLessThan(2000);
  return link;
}

/** Opens the foreign page and clicks the bookmark in it. */
async function click(link: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/goods/list?x=1`);
  await clickIn(page, link);
  return page;
}

/** A bookmark runs in the page with the click of its user. */
async function clickIn(page: Page, link: string): Promise<void> {
  await page.evaluate(
    (code) => {
      const script = document.createElement("script");
      script.textContent = `document.addEventListener("click", () => { ${code} }, { once: true })`;
      document.head.append(script);
    },
    decodeURIComponent(link.slice("javascript:".length)),
  );
  await page.locator("p").click();
}

const nameIn = (server: ReplProcess): Promise<string> =>
  eventually(
    "the foreign page in the registry",
    async () =>
      /\[(127-0-0-1-\d+-goods-list-\d+-[a-z]+-\d{4}-\d\d)\]/.exec(await server.registry())?.[1],
  );

async function ask(server: ReplProcess, name: string, code: string): Promise<string> {
  await writeFile(server.log(name), `${await server.read(name)}\`\`\`js\n${code}\n\`\`\`\n`);
  return server.logIs(
    name,
    (text) => text.includes(code) && /^#### .*\)$/m.test(text.slice(text.lastIndexOf(code))),
  );
}

test("a page whose origin is allowed speaks to the server itself", async () => {
  const server = await start("--allow-origin", origin);
  const page = await click(await linkOf(server));
  const name = await nameIn(server);
  const text = await ask(
    server,
    name,
    "console.log('seen'); return { items, at: location.pathname };",
  );
  expect(text).toContain('```JSON\n{\n  "items": 3,\n  "at": "/goods/list"\n}\n```\n');
  expect(text).toMatch(/```Text console\.log\n(?:at .*\n)?seen/);
  const cycle = await ask(server, name, "globalThis.a = { n: 1n }; a.a = a; return a;");
  expect(cycle).toContain('"n": "1n"');
  expect(cycle).toContain("// not plain JSON");
  const list = await fetch(`${server.origin}/instances`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  expect(await list.json()).toMatchObject({
    instances: [{ name, kind: "remote", url: `${origin}/goods/list?x=1` }],
  });
  expect(await page.evaluate("[__daebugActive, __daebugMode, __daebugConnected]")).toEqual([
    true,
    "eval",
    true,
  ]);
  expect(page.context().pages()).toHaveLength(1);
  await page.context().close();
});

test("another page goes through the window of the broker, once its user has allowed it there", async () => {
  const server = await start();
  const page = await click(await linkOf(server));
  const broker = await eventually("the broker", () => page.context().pages()[1]);
  await broker.getByRole("button", { name: `Connect ${origin}` }).click();
  const name = await nameIn(server);
  expect(await ask(server, name, "items + 39")).toContain("```JSON\n42\n```");
  const failed = await ask(server, name, "console.warn('careful'); throw new TypeError('bad')");
  expect(failed).toContain("```Error\nTypeError: bad");
  expect(failed).toContain("careful");
  // A second click brings no second client.
  await clickIn(page, await linkOf(server));
  expect(await ask(server, name, "'still one'")).toContain("```JSON\nstill one\n```");
  expect((await server.registry()).match(/\[127-0-0-1-/g)).toHaveLength(1);
  await page.context().close();
});

test("nobody is connected without that click, nor under the name of another page", async () => {
  const server = await start("--allow-origin", origin);
  const own = await (await browser.newContext()).newPage();
  await own.goto(`${origin}/`);
  const [popup] = await Promise.all([
    own.waitForEvent("popup"),
    own.evaluate(
      (address) => void Object.assign(globalThis, { w: open(address) }),
      `${server.origin}/-daebug/broker.html`,
    ),
  ]);
  await popup.waitForLoadState();
  const say = (message: object): Promise<unknown> =>
    own.evaluate(
      ([text, to]) =>
        (globalThis as unknown as { w: Window }).w.postMessage(JSON.parse(text ?? ""), to ?? ""),
      [JSON.stringify({ ...message, timestamp: 1 }), server.origin],
    );
  const register = { type: "register", mode: "eval" };
  await say({ ...register, pageName: "7-zen-1201-03", pageUrl: `${origin}/` });
  await say({
    ...register,
    pageName: "evil-example-7-zen-1201-03",
    pageUrl: "https://evil.example/",
  });
  await say({
    ...register,
    pageName: `127-0-0-1-${new URL(origin).port}-9-oak-1201-03`,
    pageUrl: `${origin}/`,
  });
  await eventually("the honest one", async () =>
    (await server.registry()).includes("-9-oak-1201-03]"),
  );
  expect(await server.registry()).not.toContain("zen");
  await own.context().close();
});

test("a page whose policy lets no script in is told so in the window", async () => {
  const server = await start();
  policy = "script-src 'unsafe-inline'";
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/goods/list`);
  await clickIn(page, await linkOf(server));
  const broker = await eventually("the broker", () => page.context().pages()[1]);
  await eventually("the reason", async () =>
    (await broker.locator("p").textContent())?.includes("lets no code in"),
  );
  expect(await server.registry()).not.toContain("127-0-0-1");
  await page.context().close();
});

test("a page whose policy forbids eval gets a reply that says so", async () => {
  const server = await start("--allow-origin", origin);
  policy = `script-src 'unsafe-inline' ${server.origin}; connect-src ${server.origin}`;
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/goods/list`);
  const code = decodeURIComponent((await linkOf(server)).slice("javascript:".length));
  await page.evaluate(async (text) => {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
  }, code);
  const name = await nameIn(server);
  expect(await ask(server, name, "1 + 1")).toContain(
    "```Error\nThis page's content policy forbids eval",
  );
  await page.context().close();
});

test("without the key, or from an origin that was not named, nothing is let in", async () => {
  const server = await start("--allow-origin", "https://shop.example");
  const channel = `${server.origin}/-daebug-channel?name=x&url=y`;
  const preflight = await fetch(channel, {
    method: "OPTIONS",
    headers: {
      origin: "https://shop.example",
      "access-control-request-method": "GET",
      "access-control-request-headers": "authorization",
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("https://shop.example");
  expect(preflight.headers.get("access-control-allow-private-network")).toBeNull();
  const keyless = await fetch(channel, { headers: { origin: "https://shop.example" } });
  expect([keyless.status, await keyless.text()]).toEqual([401, ""]);
  for (const other of [
    "https://shop.example.evil.example",
    "https://shop.example:444",
    "http://shop.example",
    "null",
  ]) {
    const refused = await fetch(channel, { headers: { origin: other } });
    expect([other, refused.status, await refused.text()]).toEqual([other, 403, ""]);
  }
  for (const path of [
    "/",
    "/instances",
    "/-vitrine/credential",
    "/-daebug/bookmarklet",
    "/health",
  ]) {
    const refused = await fetch(server.origin + path, {
      headers: { origin: "https://shop.example" },
    });
    expect([
      path,
      refused.status >= 400,
      refused.headers.get("access-control-allow-origin"),
    ]).toEqual([path, true, null]);
  }
  const script = await fetch(`${server.origin}/-daebug-client.js`, {
    headers: {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "no-cors",
      "sec-fetch-dest": "script",
    },
  });
  expect(script.status).toBe(403);
});
