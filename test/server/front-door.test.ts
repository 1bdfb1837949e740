/** The door in front of a workspace session's own Vite, tried with raw sockets: libraries would mend what is sent. */
import { connect } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { REALM_SUBPROTOCOL } from "../../src/protocol/realm.ts";
import type { Session } from "../../src/protocol/model.ts";
import { removeTree, startServer, writeTree, type TestServer } from "../support/server.ts";

const canary = "CANARY-7f3a91";
let top: string;
let server: TestServer;
let session: Session;

beforeAll(async () => {
  top = await writeTree({
    "app/index.html": '<!doctype html><h1>app</h1><script type="module" src="/main.js"></script>',
    "app/main.js": "export const main = 1;",
    "app/a#b.js": "export const odd = 1;",
    "app/100%.js": "export const percent = 1;",
    "app/.env": `SECRET=${canary}`,
    "app/key.pem": canary,
    "app/.git/config": canary,
    "app/.npmrc": canary,
    "outside.txt": canary,
    "app-private/secret.js": canary,
  });
  server = await startServer({ folders: [path.join(top, "app")] });
  const { id } = await server.methods.openSession(path.join(top, "app"));
  session = await server.sessionIs(id, "live");
});
afterAll(async () => {
  await server?.stop();
  if (top !== undefined) await removeTree(top);
});

/** Sends bytes as they are; answers with everything that comes back until the other side closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(session.port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.on("close", () => resolve(answer)).on("error", reject);
  });
}

const host = (): string => `127.0.0.1:${session.port}`;
const get = (target: string, headers: readonly string[] = []): Promise<string> =>
  raw(
    [`GET ${target} HTTP/1.1`, `Host: ${host()}`, ...headers, "Connection: close", "", ""].join(
      "\r\n",
    ),
  );
const status = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);

describe("hosts and origins", () => {
  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:PORT",
    "10.0.0.7:PORT",
    "0.0.0.0:PORT",
    "127.0.0.1:1",
    "[::1",
    "",
  ])("the host %j is refused", async (name) => {
    const answer = await raw(
      `GET / HTTP/1.1\r\nHost: ${name.replace("PORT", String(session.port))}\r\nConnection: close\r\n\r\n`,
    );
    expect([400, 403]).toContain(status(answer));
    expect(answer).not.toContain("<h1>");
  });

  test.each([
    "https://evil.example",
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1:PORT.evil.example",
    "HTTP://127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "file://",
    "vscode-webview://x",
  ])("the origin %j is refused", async (name) => {
    const answer = await get("/", [`Origin: ${name.replace("PORT", String(session.port))}`]);
    expect(status(answer)).toBe(403);
  });

  test("a preflight from another site gets no grant, neither for content nor for our endpoints", async () => {
    for (const target of ["/", "/main.js", "/-vitrine/credential"]) {
      const answer = await raw(
        `OPTIONS ${target} HTTP/1.1\r\nHost: ${host()}\r\nOrigin: http://127.0.0.1:1\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n`,
      );
      expect(answer.toLowerCase()).not.toContain("access-control-allow-origin");
    }
  });

  test("another site may navigate to the page, and may not load its modules or our client", async () => {
    const foreign = (mode: string, dest: string): string[] => [
      "Sec-Fetch-Site: cross-site",
      `Sec-Fetch-Mode: ${mode}`,
      `Sec-Fetch-Dest: ${dest}`,
    ];
    expect(status(await get("/", foreign("navigate", "iframe")))).toBe(200);
    expect(status(await get("/main.js", foreign("no-cors", "script")))).toBe(403);
    expect(status(await get("/@vite/client", foreign("no-cors", "script")))).toBe(403);
    expect(status(await get("/-vitrine/page.js", foreign("no-cors", "script")))).toBe(403);
    for (const tool of ["/__open-in-editor", "/__open-in-editor/x", "/__Open-In-Editor.x"]) {
      const target = `${tool}?file=main.js`;
      expect(status(await get(target, foreign("no-cors", "image")))).toBe(403);
      expect(status(await get(target, foreign("navigate", "document")))).toBe(403);
    }
  });
});

describe("targets and files", () => {
  test.each([
    "http://evil.example/x",
    "//evil.example/x",
    "/x#/../y",
    "/%",
    "/%E0%A4%A",
    "/a\\b",
    "/%00",
    "*",
  ])("the target %j is refused and the next request served", async (target) => {
    expect([400, 403]).toContain(status(await get(target)));
    expect(status(await get("/"))).toBe(200);
  });

  const files = [
    "/.env",
    "/.ENV",
    "/.env?raw",
    "/.env?import&raw",
    "/.env?url&inline",
    "/%2eenv",
    "/.env/",
    "/.env.local",
    "/key.pem",
    "/key.pem?raw",
    "/.git/config",
    "/.npmrc",
    "/../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
    "/../app-private/secret.js",
    "/@fs/OUTSIDE",
    "/@fs/OUTSIDE?raw",
    "/@fs/OUTSIDE?import&raw",
    "/@fs//OUTSIDE",
    "/@fs/TOP/app-private/secret.js",
    "/@fs/TOP/app/.env?raw",
    "/@id/OUTSIDE?raw",
    "/OUTSIDE?raw",
  ];
  test.each(files)("no byte of a forbidden file comes through %j", async (target) => {
    const answer = await get(
      target.replace("OUTSIDE", path.join(top, "outside.txt")).replace("TOP", top),
    );
    expect(answer).not.toContain(canary);
    expect(answer).not.toContain(Buffer.from(canary).toString("base64").slice(0, 12));
  });

  test.each(["/a%23b.js", "/100%25.js", "/main.js?v=1&t=2", "/@vite/client", "/"])(
    "%j is served",
    async (target) => {
      expect(status(await get(target))).toBe(200);
    },
  );
});

describe("the realm channel", () => {
  const credential = async (headers: Record<string, string>): Promise<Response> =>
    fetch(`${session.url}-vitrine/credential`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json", ...headers },
    });
  const own = (): Record<string, string> => ({ origin: `http://${host()}` });

  /** What became of an upgrade: `open`, or the status of the refusal. */
  function upgrade(protocols: string[], headers: Record<string, string>): Promise<string> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`ws://${host()}/-vitrine/realm`, protocols, { headers });
      socket.on("open", () => {
        socket.close();
        resolve("open");
      });
      socket.on("unexpected-response", (_request, response) =>
        resolve(String(response.statusCode)),
      );
      socket.on("error", () => resolve("error"));
    });
  }

  test("a credential is handed only to a page of this origin", async () => {
    expect((await credential({})).status).toBe(403);
    expect((await credential({ origin: "http://127.0.0.1:1" })).status).toBe(403);
    expect((await credential({ ...own(), "content-type": "text/plain" })).status).toBe(415);
    expect((await credential(own())).status).toBe(200);
    expect((await fetch(`${session.url}-vitrine/credential`)).status).toBe(405);
  });

  test("a socket opens with a fresh credential, once, and from its own origin", async () => {
    const issue = async (): Promise<string> =>
      ((await (await credential(own())).json()) as { credential: string }).credential;
    const token = await issue();
    expect(await upgrade([REALM_SUBPROTOCOL], own())).toBe("401");
    expect(
      await upgrade([REALM_SUBPROTOCOL, `token.${token}`], { origin: "http://127.0.0.1:1" }),
    ).toBe("403");
    expect(await upgrade([REALM_SUBPROTOCOL, `token.${token}x`], own())).toBe("401");
    expect(await upgrade([REALM_SUBPROTOCOL, `token.${token}`], own())).toBe("open");
    expect(await upgrade([REALM_SUBPROTOCOL, `token.${token}`], own())).toBe("401");
    expect(await upgrade([REALM_SUBPROTOCOL, `token.${server.welcome.token}`], own())).toBe("401");
  });

  test("the hot-update socket of Vite is closed to other origins", async () => {
    const answer = await raw(
      `GET / HTTP/1.1\r\nHost: ${host()}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: vite-hmr\r\nOrigin: http://evil.example\r\n\r\n`,
    );
    expect(status(answer)).toBe(403);
  });
});

describe("the control API", () => {
  const call = (
    token: string | undefined,
    method = "sessions/list",
    body = "{}",
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${server.welcome.gateway}/api/${method}`, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });

  test("health says name and version only", async () => {
    expect(await (await fetch(`${server.welcome.gateway}/health`)).json()).toEqual({
      status: "ok",
      name: "vitrine",
      version: "0.0.0-test",
    });
  });

  test("without the exact token nothing is answered", async () => {
    const { token } = server.welcome;
    for (const wrong of [undefined, "", token.slice(1), `${token}x`, token.slice(0, 10)])
      expect((await call(wrong)).status).toBe(401);
    expect((await call(token)).status).toBe(200);
    expect(
      (await call(token, "sessions/list", "{}", { origin: session.url.slice(0, -1) })).status,
    ).toBe(403);
  });

  test("unknown methods, wrong parameters and wrong types are refused with what was wrong", async () => {
    const { token } = server.welcome;
    expect((await call(token, "sessions/nothing")).status).toBe(404);
    expect((await call(token, "__proto__/constructor")).status).toBe(404);
    const wrong = await call(token, "sessions/open", '{"folder":7}');
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      error: { code: "bad_request", message: expect.stringContaining("folder") },
    });
    expect(
      (await call(token, "sessions/list", "{}", { "content-type": "text/plain" })).status,
    ).toBe(415);
    expect((await call(token, "sessions/list", "{")).status).toBe(400);
  });

  test("events come as a snapshot and then every change", async () => {
    const events: { event: string }[] = [];
    const socket = new WebSocket(`${server.welcome.gateway.replace("http", "ws")}/api/events`, [
      "vitrine.events.1",
      `token.${server.welcome.token}`,
    ]);
    try {
      const restarted = new Promise<void>((resolve) => {
        socket.on("message", (data) => {
          const message = JSON.parse(String(data)) as { event: string; data: readonly Session[] };
          events.push(message);
          if (
            message.event === "sessionsChanged" &&
            message.data[0]?.state.name === "live" &&
            events.length > 3
          )
            resolve();
        });
      });
      await new Promise((resolve) => socket.on("open", resolve));
      await server.methods.restartSession(session.id);
      await restarted;
      expect(events.slice(0, 2).map(({ event }) => event)).toEqual([
        "projectsChanged",
        "sessionsChanged",
      ]);
    } finally {
      socket.terminate();
    }
  });
});

test("a request whose connection ends with it is answered, however fast the answer is", async () => {
  const post = [
    "POST /-daebug-discover-tests HTTP/1.1",
    `Host: ${host()}`,
    "Content-Type: application/json",
    "Content-Length: 2",
    "Connection: close",
    "",
    "{}",
  ].join("\r\n");
  const answers: string[] = [];
  for (let count = 0; count < 200; count++) answers.push(await raw(post));
  expect(new Set(answers.map(status))).toEqual(new Set([200]));
  expect(answers[0]).toMatch(/^connection: close$/im);
});
