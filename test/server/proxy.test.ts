/** The proxy in front of servers that we did not configure (decision 7). */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { get as httpGet, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createGunzip,
  createGzip,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from "node:zlib";
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { project } from "../../scripts/bootstrap.mjs";
import { eventually } from "../support/eventually.ts";
import { useProxy, useTarget, type TestProxy } from "../support/proxy.ts";
import { dist, firstPort, removeTree, writeTree } from "../support/server.ts";
import { launchBrowser } from "../vscode/browser.ts";

const client = `<script src="/-vitrine/page.js" data-vitrine-base="/"></script>`;
const navigation = { "sec-fetch-dest": "document", accept: "text/html" };
const html = "<!doctype html><html><head></head><body>café</body></html>";

async function get(address: string, headers: IncomingHttpHeaders = {}): Promise<IncomingMessage> {
  const [answer] = (await once(httpGet(address, { headers, agent: false }), "response")) as [
    IncomingMessage,
  ];
  return answer;
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  return buffer(answer);
}

async function openPage({ origin }: TestProxy): Promise<Page> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  // Only a built server has the client beside itself; all else comes through the proxy.
  await page.route("**/-vitrine/page.js", (route) =>
    route.fulfill({ path: path.join(dist, "realm/page.js"), contentType: "text/javascript" }),
  );
  await page.goto(`${origin}/`);
  return page;
}

describe("pages", () => {
  const codings = {
    gzip: [gzipSync, gunzipSync],
    deflate: [deflateSync, inflateSync],
    br: [brotliCompressSync, brotliDecompressSync],
  } as const;

  test.each(Object.keys(codings))(
    "a page in %s gets the client and stays in it",
    async (coding) => {
      const [encode, decode] = codings[coding as keyof typeof codings];
      const target = await useTarget((request, response) => {
        expect(request.headers["accept-encoding"]).toBe(coding);
        const body = encode(html);
        response
          .writeHead(200, {
            "content-type": "text/html; charset=utf-8",
            "content-encoding": coding,
            "content-length": body.length,
            etag: '"1"',
            "set-cookie": ["a=1", "b=2"],
          })
          .end(body);
      });
      const { origin } = await useProxy(target);
      const answer = await get(`${origin}/`, {
        ...navigation,
        "accept-encoding": `${coding}, zstd`,
      });
      expect(answer.headers).toMatchObject({
        "content-encoding": coding,
        etag: '"1"',
        "set-cookie": ["a=1", "b=2"],
        "transfer-encoding": "chunked",
      });
      expect(String(decode(await bodyOf(answer)))).toBe(html.replace("<head>", `<head>${client}`));
    },
  );

  test("what is no page for a window goes through byte by byte", async () => {
    const types: Record<string, string> = { "/a.js": "text/javascript", "/part": "text/html" };
    const target = await useTarget((request, response) => {
      const body = gzipSync(`${request.url} ${request.headers["accept-encoding"]} <head>`);
      response
        .writeHead(200, {
          "content-type": types[request.url ?? ""] ?? "text/html; charset=utf-16",
          "content-encoding": "gzip",
          "content-length": body.length,
        })
        .end(body);
    });
    const { origin } = await useProxy(target);
    const asked = [
      ["/a.js", { "sec-fetch-dest": "script", "accept-encoding": "gzip, zstd" }],
      [
        "/part",
        { "sec-fetch-dest": "empty", accept: "text/html", "accept-encoding": "gzip, zstd" },
      ],
      ["/utf16", { ...navigation, "accept-encoding": "gzip" }],
    ] as const;
    for (const [url, headers] of asked) {
      const answer = await get(origin + url, headers);
      const body = await bodyOf(answer);
      expect(body.length).toBe(Number(answer.headers["content-length"]));
      expect(String(gunzipSync(body))).toBe(`${url} ${headers["accept-encoding"]} <head>`);
    }
    const head = await fetch(`${origin}/part`, { method: "HEAD" });
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(0);
  });

  test.each(["identity", "gzip"])(
    "a page streams (%s): its first part is here before its last is made",
    async (coding) => {
      let finish: () => void = () => {};
      const target = await useTarget((request, response) => {
        expect(request.headers["accept-encoding"]).toBe(coding);
        const body = coding === "gzip" ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : undefined;
        response.writeHead(200, { "content-type": "text/html", "content-encoding": coding });
        body?.pipe(response);
        (body ?? response).write("<head></head><body>first");
        finish = () => void (body ?? response).end("last");
      });
      const { origin } = await useProxy(target);
      const answer = await get(`${origin}/`, { ...navigation, "accept-encoding": coding });
      const body = coding === "gzip" ? answer.pipe(createGunzip()) : answer;
      const [first] = (await once(body, "data")) as [Buffer];
      expect(String(first)).toBe(`<head>${client}</head><body>first`);
      finish();
      expect(String(await buffer(body))).toBe("last");
    },
  );

  test("a policy that forbids our script keeps its page untouched, a nonce is used", async () => {
    const policies: Record<string, string> = {
      "/none": "script-src 'none'",
      "/nonce": "script-src 'nonce-x1'",
      "/self": "default-src 'self'",
    };
    const target = await useTarget((request, response) => {
      const policy = policies[request.url ?? ""] ?? "";
      response
        .writeHead(200, { "content-type": "text/html", "content-security-policy": policy })
        .end(html);
    });
    const { origin } = await useProxy(target);
    const page = async (url: string): Promise<string> =>
      String(await bodyOf(await get(origin + url, navigation)));
    expect(await page("/none")).toBe(html);
    expect(await page("/nonce")).toContain(client.replace("></", ' nonce="x1"></'));
    expect(await page("/self")).toContain(client);
  });

  test.each(["default-src 'self'", "script-src 'strict-dynamic' 'nonce-x1'; connect-src 'self'"])(
    "in a browser a page with the policy %s has its realm, and breaks no rule",
    async (policy) => {
      const target = await useTarget((request, response) => {
        if (request.url !== "/") return response.writeHead(404).end();
        response
          .writeHead(200, { "content-type": "text/html", "content-security-policy": policy })
          .end(html);
      });
      const proxy = await useProxy(target);
      const page = await openPage(proxy);
      const broken: string[] = [];
      page.on("console", (message) => {
        if (message.text().includes("Content Security Policy")) broken.push(message.text());
      });
      await page.reload();
      const realm = await eventually("the realm", () => proxy.realms.all()[0]);
      expect(realm.facts().kind).toBe("page");
      expect(broken).toEqual([]);
    },
  );

  test("a redirect of the server to itself stays behind the proxy", async () => {
    const target = await useTarget((request, response) => {
      const location =
        request.url === "/own"
          ? `http://${request.headers.host}/in?x=1#y`
          : "http://other.example/";
      response.writeHead(302, { location }).end();
    });
    const { origin } = await useProxy(target);
    expect((await get(`${origin}/own`)).headers.location).toBe("/in?x=1#y");
    expect((await get(`${origin}/foreign`)).headers.location).toBe("http://other.example/");
  });

  test("behind an outside prefix the server is asked without it, and its pages name it", async () => {
    const asked: unknown[] = [];
    const target = await useTarget((request, response) => {
      asked.push([request.url, request.headers.host, request.headers.origin]);
      response.writeHead(200, { "content-type": "text/html" }).end("<head>");
    });
    const { origin, listener } = await useProxy(target, "https://code.example/proxy/1/");
    const answer = await get(`${origin}/proxy/1/a?b`, {
      ...navigation,
      host: "code.example",
      origin: "https://code.example",
    });
    expect(String(await bodyOf(answer))).toBe(`<head>${client.replaceAll('"/', '"/proxy/1/')}`);
    const { host, origin: own } = new URL(target);
    expect(asked).toEqual([["/a?b", host, own]]);
    expect(listener.addresses()).toMatchObject({ base: "/proxy/1/", prefix: "/proxy/1/" });
  });
});

test("a server with a base of its own has its channel below it, also while it is away", async () => {
  const target = await useTarget((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<head>"),
  );
  const proxy = await useProxy(`${target}app`);
  const { origin, listener } = proxy;
  expect(listener.addresses()).toMatchObject({ base: "/app/", url: `${origin}/app/` });
  expect(String(await bodyOf(await get(`${origin}/app/`, navigation)))).toBe(
    `<head>${client.replaceAll('"/', '"/app/')}`,
  );
  const credential = async (): Promise<number> => {
    const answer = await fetch(`${origin}/app/-vitrine/credential`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", origin },
    });
    return answer.status;
  };
  expect(await credential()).toBe(200);
  proxy.target = "";
  expect(await credential()).toBe(200);
});

describe("the gate", () => {
  test("foreign hosts, origins and sites reach neither the server nor the channel", async () => {
    let reached = 0;
    const target = await useTarget((_request, response) => {
      reached++;
      response.end("x");
    });
    const { origin } = await useProxy(target);
    const refused: [string, IncomingHttpHeaders][] = [
      ["/", { host: "evil.example" }],
      ["/", { origin: "http://evil.example" }],
      ["/a.js", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
      ["/-vitrine/page.js", { "sec-fetch-site": "cross-site" }],
      ["/.env", {}],
      ["/.git/config", {}],
    ];
    for (const [url, headers] of refused)
      expect((await get(origin + url, headers)).statusCode, url).toBe(403);
    const credential = await fetch(`${origin}/-vitrine/credential`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", origin: "http://evil.example" },
    });
    expect(credential.status).toBe(403);
    const socket = new WebSocket(`${origin.replace("http", "ws")}/`, {
      origin: "http://evil.example",
    });
    const [, answer] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect(answer.statusCode).toBe(403);
    expect(reached).toBe(0);
    expect((await get(`${origin}/`)).statusCode).toBe(200);
    expect(reached).toBe(1);
  });

  test("sockets go through with the server's own origin, and end with the listener", async () => {
    const origins: unknown[] = [];
    const target = await useTarget(
      () => {},
      (server) => {
        const sockets = new WebSocketServer({ server });
        sockets.on("connection", (socket, request) => {
          origins.push(request.headers.origin);
          socket.on("message", (data) => socket.send(`echo ${String(data)}`));
        });
      },
    );
    const { origin, listener } = await useProxy(target);
    const socket = new WebSocket(`${origin.replace("http", "ws")}/hot?x`, { origin });
    await once(socket, "open");
    socket.send("a");
    const [data] = (await once(socket, "message")) as [Buffer];
    expect(String(data)).toBe("echo a");
    expect(origins).toEqual([new URL(target).origin]);
    const closed = once(socket, "close");
    await listener.close();
    await closed;
  });
});

describe("a server that is away", () => {
  test("pages say so in one sentence, everything else in plain text; half an answer is no whole one", async () => {
    const target = await useTarget((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain", "content-length": 100 });
      response.write("half");
      setImmediate(() => response.destroy());
    });
    const proxy = await useProxy(target);
    await expect(bodyOf(await get(`${proxy.origin}/`))).rejects.toThrow("aborted");
    proxy.target = `http://127.0.0.1:${firstPort + 89}/`;
    const sentence = `Shop does not answer at http://127.0.0.1:${firstPort + 89}; start its dev server, this page loads when it serves`;
    const page = await get(`${proxy.origin}/`, navigation);
    expect([page.statusCode, page.headers["cache-control"]]).toEqual([502, "no-store"]);
    expect(String(await bodyOf(page))).toContain(`<p>${sentence}</p>`);
    const script = await get(`${proxy.origin}/a.js`);
    expect([script.statusCode, String(await bodyOf(script))]).toEqual([502, `${sentence}\n`]);
    proxy.target = "";
    expect((await get(`${proxy.origin}/`)).statusCode).toBe(502);
    const socket = new WebSocket(`${proxy.origin.replace("http", "ws")}/`, {
      origin: proxy.origin,
    });
    await once(socket, "error");
  });
});

test.each([
  ["no HTTP at all", "hello\r\n\r\n", /^502 .*Shop does not answer at/],
  [
    "a status of two digits",
    "HTTP/1.1 099 odd\r\nContent-Length: 0\r\n\r\n",
    /^502 .*Shop gave an answer that is no HTTP; look at its log/,
  ],
  ["nothing", "", /^502 .*Shop does not answer at/],
  [
    "a coding that it does not have",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\nplain",
    "",
  ],
])("a server that answers %s breaks its own answer only", async (_name, text, sentence) => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(text));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { origin } = await useProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const ask = async (): Promise<string> => {
    const answer = await get(`${origin}/`, navigation);
    return `${answer.statusCode} ${String(await bodyOf(answer))}`;
  };
  for (let count = 0; count < 2; count++) {
    if (sentence === "") await expect(ask()).rejects.toThrow("hang up");
    else expect(await ask()).toMatch(sentence);
  }
});

test("an announced address that is our own does not go round for ever", async () => {
  const proxy = await useProxy("");
  proxy.target = `${proxy.origin}/`;
  const answer = await get(`${proxy.origin}/`);
  expect([answer.statusCode, String(await bodyOf(answer))]).toEqual([
    502,
    `Shop is announced at ${proxy.origin}, which leads back to Vitrine; correct the address\n`,
  ]);
  const socket = new WebSocket(`${proxy.origin.replace("http", "ws")}/`, { origin: proxy.origin });
  await once(socket, "error");
});

describe("a plain vite", () => {
  const port = firstPort + 88;

  async function startVite(root: string): Promise<ChildProcess> {
    const vite = path.join(project, "node_modules/vite/bin/vite.js");
    const flags = ["--port", String(port), "--strictPort", "--host", "127.0.0.1"];
    const child = spawn(process.execPath, [vite, ...flags], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (text) => String(text).includes("Local") && resolve());
    });
    return child;
  }

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }

  test("hot updates go through, a realm connects, and the page waits for a restart of the server", async () => {
    const root = await writeTree({
      "package.json": "{}",
      "index.html": `<!doctype html><head></head><h1></h1><script type="module" src="/main.js"></script>`,
      "main.js": `import { text } from "./text.js"; globalThis.loads = (globalThis.loads ?? 0) + 1;
document.querySelector("h1").textContent = text;
import.meta.hot.accept("./text.js", (next) => { document.querySelector("h1").textContent = next.text; });`,
      "text.js": `export const text = "one";`,
    });
    onTestFinished(() => removeTree(root));
    let vite = await startVite(root);
    onTestFinished(() => end(vite));
    const proxy = await useProxy(`http://127.0.0.1:${port}/`);
    const page = await openPage(proxy);
    await page.getByText("one").waitFor();
    const realm = await eventually("the realm", () => proxy.realms.all()[0]);
    expect(realm.facts()).toMatchObject({ kind: "page", session: "shop" });
    await page.evaluate(() => void Object.assign(globalThis, { kept: true }));

    await writeFile(path.join(root, "text.js"), `export const text = "two";`);
    await page.getByText("two").waitFor();
    expect(await page.evaluate(() => (globalThis as { kept?: boolean }).kept)).toBe(true);

    await end(vite);
    await page.reload();
    await page
      .getByText(
        `Shop does not answer at http://127.0.0.1:${port}; start its dev server, this page loads when it serves`,
      )
      .waitFor();
    await writeFile(path.join(root, "text.js"), `export const text = "three";`);
    vite = await startVite(root);
    await page.getByText("three").waitFor();
    await eventually("the realm again", () => proxy.realms.all()[0]?.facts().state === "idle");
  });
});
