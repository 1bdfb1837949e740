/** A process that Vitrine did not start: a back end that takes connections, and a UI that answers as Vite does. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { isAlive } from "./alive.ts";

export interface ExternalServer {
  readonly child: ChildProcess;
  readonly pid: number;
  /** `127.0.0.1:<port>` of the back end. */
  readonly addr: string;
  readonly vitePort: number;
  alive(): boolean;
  /** Answers when it has done what it was told: `backend off`, `backend on`, `ui off`, `ui on`. */
  tell(command: string): Promise<void>;
  kill(): Promise<void>;
}

const program = `
  import { createServer } from "node:net";
  import { createServer as createHttp } from "node:http";
  import { createInterface } from "node:readline";
  const sockets = new Set();
  const backend = createServer((socket) => { sockets.add(socket); socket.on("error", () => {}); });
  const ui = createHttp((request, response) => {
    response.writeHead(request.url.endsWith("/@vite/client") ? 200 : 404).end();
  });
  const listen = (server, port) => new Promise((done) => server.listen(port, "127.0.0.1", done));
  const ports = {};
  for (const [name, server] of Object.entries({ backend, ui })) {
    await listen(server, 0);
    ports[name] = server.address().port;
  }
  console.log(JSON.stringify(ports));
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const [name, what] = line.split(" ");
    const server = { backend, ui }[name];
    if (what === "on") await listen(server, ports[name]);
    else {
      for (const socket of sockets) socket.destroy();
      if (name === "ui") ui.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    console.log(line);
  });
`;

export async function startExternalServer(): Promise<ExternalServer> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ports = JSON.parse(String((await lines.next()).value)) as { backend: number; ui: number };
  const pid = child.pid ?? 0;
  return {
    child,
    pid,
    addr: `127.0.0.1:${ports.backend}`,
    vitePort: ports.ui,
    alive: () => isAlive(pid),
    async tell(command) {
      child.stdin.write(`${command}\n`);
      await lines.next();
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    },
  };
}
