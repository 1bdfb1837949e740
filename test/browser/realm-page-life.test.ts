import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { countLines } from "../support/lines.ts";
import { siteHtml, startRealmPages, type RealmPages } from "../support/realm-pages.ts";

let pages: RealmPages;

beforeAll(async () => {
  pages = await startRealmPages();
});
afterEach(() => pages.closeAll());
afterAll(() => pages.stop());

test("a page says who it is, keeps name and instance over a reload, and a second copy does nothing", async () => {
  const { server, page, realm } = await pages.openRealm({
    head: `<script src="/-vitrine/page.js" data-vitrine-base="/"></script>`,
  });
  expect(realm.hello).toMatchObject({
    kind: "page",
    name: "",
    frame: "",
    url: `${server.origin}/`,
  });
  expect(await realm.value("return document.title")).toBe("Shop");
  expect(
    await page.evaluate(
      `[sessionStorage.getItem("daebug-name:/:").includes("7-zen-1201-03"), Object.keys(globalThis).includes("-vitrine")]`,
    ),
  ).toEqual([true, false]);
  realm.send({ type: "reload" });
  const again = await server.connection();
  expect(again.hello).toMatchObject({ name: "7-zen-1201-03", instance: realm.hello.instance });
  expect(server.credentials).toHaveLength(2);
});

test("a lost channel comes back with the same name and a fresh credential, and nothing of a run is lost", async () => {
  const { server, realm, page } = await pages.openRealm();
  void realm.run(`await new Promise((resolve) => { globalThis.finish = resolve }); return "kept"`);
  await page.waitForFunction("globalThis.finish");
  server.up = false;
  realm.close();
  await server.refusal();
  await page.evaluate(
    `for (let i = 0; i < 3000; i += 1) console.log("offline " + i); globalThis.finish()`,
  );
  server.up = true;
  await page.evaluate(`dispatchEvent(new Event("online"))`);
  const again = await server.connection();
  expect(again.hello).toMatchObject({ name: "7-zen-1201-03", instance: realm.hello.instance });
  expect(await again.next("finished")).toMatchObject({ value: { text: '"kept"' }, missing: 1000 });
  const sent = again.messages.filter((message) => message.type === "console");
  expect(sent.reduce((sum, message) => sum + countLines(message), 0)).toBe(3000);
  expect(sent.reduce((sum, { entries }) => sum + entries.length, 0)).toBeLessThanOrEqual(1000);
  again.send({ type: "ping" });
  await again.next("pong");
  // Nobody can tell whether it arrived before the connection ended, so it comes again.
  again.close();
  expect(await (await server.connection()).next("finished")).toMatchObject({
    value: { text: '"kept"' },
  });
});

test("a duplicated tab has an instance of its own and takes the name that the server gives it", async () => {
  const { server, page, realm } = await pages.openRealm();
  await page.waitForFunction(`sessionStorage.getItem("daebug-name:/:").includes("7-zen")`);
  server.name = "7-zen-1201-03-2";
  const connected = server.connection();
  // An auxiliary window starts with a copy of its opener's session storage, as a duplicated tab does.
  await page.evaluate(`void window.open(location.href)`);
  const copy = await connected;
  expect(copy.hello.name).toBe("7-zen-1201-03");
  expect(copy.hello.instance).not.toBe(realm.hello.instance);
  expect(
    await copy.value(`return sessionStorage.getItem("daebug-name:/:").includes("7-zen-1201-03-2")`),
  ).toBe(true);
});

test("without storage the window's name serves, unless the application uses it", async () => {
  const refuse = `Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("refused") } });`;
  const { server, realm } = await pages.openRealm({ before: `<script>${refuse}</script>` });
  realm.send({ type: "reload" });
  expect((await server.connection()).hello).toMatchObject({
    name: "7-zen-1201-03",
    instance: realm.hello.instance,
  });
  const other = await pages.openRealm({
    before: `<script>${refuse} window.name = "theirs"</script>`,
  });
  expect(await other.realm.value("return window.name")).toBe("theirs");
});

test("navigation within a page and a new title are told once each", async () => {
  const { server, realm } = await pages.openRealm();
  await realm.value(
    `history.pushState({}, "", "/cart?x=1#y"); history.replaceState({}, "", "/cart?" + "x".repeat(9000)); history.replaceState({}, "", "/cart"); document.title = "Cart"`,
  );
  expect(await realm.next("navigated")).toEqual({
    type: "navigated",
    url: `${server.origin}/cart`,
    title: "Cart",
  });
});

test("a frame of the application is a realm of kind iframe with its place", async () => {
  const server = await pages.openServer({
    body: `<iframe src="about:blank"></iframe><iframe src="/inner"></iframe>`,
  });
  server.files.set("/inner", { body: siteHtml({}) });
  const connections = [server.connection(), server.connection()];
  await pages.openPage(server.origin);
  const hellos = (await Promise.all(connections)).map(({ hello }) => [hello.kind, hello.frame]);
  expect(hellos.toSorted()).toEqual([
    ["iframe", "1"],
    ["page", ""],
  ]);
});

test("the page in the panel's frame tells where it is, and obeys the panel only", async () => {
  const server = await pages.openServer({
    base: "/app/",
    head: "<title>In frame</title>",
    body: "<vite-error-overlay>x</vite-error-overlay>",
  });
  const panel = await pages.openServer();
  server.files.set("/app/next", { body: siteHtml({ base: "/app/" }) });
  server.files.set("/outside", { body: "outside" });
  const listen = `const heard = []; addEventListener("message", (event) => heard.push([event.origin, event.data]))`;
  panel.files.set("/", {
    body: `<script>${listen}</script><iframe id="page" src="${server.origin}/app/"></iframe>`,
  });
  const connected = server.connection();
  const page = await pages.openPage(panel.origin);
  const realm = await connected;
  expect(realm.hello).toMatchObject({ kind: "page", frame: "" });
  await page.waitForFunction("heard.length > 0");
  expect(await page.evaluate("heard.at(-1)")).toEqual([
    server.origin,
    { vitrine: "moved", url: `${server.origin}/app/`, title: "Shop" },
  ]);

  const command = (data: object) =>
    page.evaluate(
      `document.getElementById("page").contentWindow.postMessage(${JSON.stringify(data)}, ${JSON.stringify(server.origin)})`,
    );
  const overlay = `return getComputedStyle(document.querySelector("vite-error-overlay")).display`;
  expect(await realm.value(overlay)).toBe("inline");
  await command({ vitrine: "attached" });
  expect(await realm.value(overlay)).toBe("none");
  // Not from the panel: the page itself, and addresses that are not below the base.
  await realm.value(`postMessage({ vitrine: "go", url: "/app/next" }, "*")`);
  for (const url of ["https://127.0.0.1/app/", "/outside", "javascript:0", "/app/../outside", 5])
    await command({ vitrine: "go", url });
  // The panel's origin, but another window than the parent.
  await page.evaluate(`new Promise((resolve) => {
    const sibling = document.body.appendChild(document.createElement("iframe"));
    sibling.contentWindow.eval('parent.frames[0].postMessage({ vitrine: "go", url: "/app/next" }, "*")');
    setTimeout(resolve);
  })`);
  for (const odd of [null, "go", [], { vitrine: "__proto__" }, { vitrine: "go" }])
    await command(odd as object);
  expect(await realm.value("return location.pathname")).toBe("/app/");
  await command({ vitrine: "go", url: "/app/next?a=1" });
  expect((await server.connection()).hello.url).toBe(`${server.origin}/app/next?a=1`);
  await command({ vitrine: "back" });
  expect((await server.connection()).hello.url).toBe(`${server.origin}/app/`);
});
