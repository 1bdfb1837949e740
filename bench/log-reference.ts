/**
 * Runs in a child process: the least that answers a request in a log. A request comes over HTTP, or is found by looking at the
 * file once a second; it is pushed to a realm, evaluated there, and the answer written by one temporary file, flush and rename.
 */
import { fork, type ChildProcess } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { WebSocketServer, type WebSocket } from "ws";

const [file = "", kind = ""] = process.argv.slice(2);

const page = `<!doctype html><script>
  const socket = new WebSocket("ws://" + location.host);
  socket.onmessage = async ({ data }) => socket.send(JSON.stringify(await (0, eval)(data)));
</script>`;

let socket: WebSocket | undefined;
let child: ChildProcess | undefined;

async function evaluate(code: string): Promise<string> {
  return new Promise((resolve) => {
    if (child !== undefined) {
      child.once("message", (value) => resolve(JSON.stringify(value)));
      child.send(code);
      return;
    }
    socket?.once("message", (data) => resolve(String(data)));
    socket?.send(code);
  });
}

async function answer(code: string): Promise<void> {
  const value = await evaluate(code);
  const before = await readFile(file, "utf8");
  const handle = await open(`${file}.tmp`, "w");
  await handle.writeFile(`${before}\n#### reply\n${value}\n`);
  await handle.sync();
  await handle.close();
  await rename(`${file}.tmp`, file);
}

if (kind === "node")
  child = fork(path.join(import.meta.dirname, "log-reference-realm.ts"), { stdio: "inherit" });

if (kind === "poller") {
  let seen = "";
  setInterval(() => {
    const { mtimeMs, size } = statSync(file);
    if (seen === `${mtimeMs} ${size}`) return;
    seen = `${mtimeMs} ${size}`;
    const code = /```js\n([^`]*)\n```\n$/.exec(readFileSync(file, "utf8"))?.[1];
    if (code !== undefined) void answer(code);
  }, 1000);
}

const server = createServer(async (request, response) => {
  if (request.method === "POST") {
    void answer(await text(request));
    response.end();
    return;
  }
  response.setHeader("content-type", "text/html").end(page);
});
new WebSocketServer({ server }).on("connection", (connected) => (socket = connected));
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ event: "ready", url: `http://127.0.0.1:${port}/` }));
});
process.once("SIGTERM", () => {
  child?.kill();
  process.exit();
});
