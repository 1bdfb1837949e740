import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  connectToNewServer,
  type ServerConnection,
} from "../../../src/extension/server-connection.ts";
import {
  DEV_SERVER_DEFAULTS,
  PROTOCOL_VERSION,
  type Hello,
  type ServerEvents,
} from "../../../src/protocol/contract.ts";
import { UserError } from "../../../src/protocol/errors.ts";
import type { Project } from "../../../src/protocol/model.ts";

const entry = fileURLToPath(new URL("../../fixtures/servers/server.mjs", import.meta.url));
const ignored: ServerEvents = {
  projectsChanged: () => {},
  projectProblemsChanged: () => {},
  devServersChanged: () => {},
  devServerLogged: () => {},
  sessionsChanged: () => {},
  runChanged: () => {},
  replsChanged: () => {},
  testRunChanged: () => {},
  consoleLogged: () => {},
  logged: () => {},
};

/** Starts the fixture; what it does is named by the state directory of the hello. */
function start(
  behaviour: string,
  events: Partial<ServerEvents> = {},
  lines: string[] = [],
): Promise<ServerConnection> {
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    version: "0.1.0",
    folders: [],
    trusted: true,
    config: {
      results: "file",
      portRange: [15_173, 15_273],
      warmStart: false,
      streaming: "auto",
      runTimeout: 0,
      devServers: DEV_SERVER_DEFAULTS,
    },
    stateDirectory: behaviour,
  };
  return connectToNewServer({
    entry,
    hello,
    host: {
      externalAddress: (port) =>
        port === 1
          ? Promise.reject(new UserError("forbidden", "not this port"))
          : Promise.resolve(`https://box.example/${port}/`),
      placeResult: () => Promise.resolve(true),
      readDirty: () => Promise.resolve(undefined),
      editDirty: () => Promise.resolve(false),
    },
    events: { ...ignored, ...events },
    print: (line) => void lines.push(line),
  });
}

test("ready is the answer to the hello, and an orderly stop ends the process", async () => {
  const lines: string[] = [];
  const server = await start("good", {}, lines);
  expect(server.welcome.version).toBe("0.1.0");
  await server.stop();
  expect(await server.ended).toBe("The Vitrine server ended with code 0");
  expect(lines).toContain("bye");
});

test("a server of another version is refused and ended", async () => {
  await expect(start("other-version")).rejects.toMatchObject({ code: "incompatible" });
});

test("a server that ends before it is ready says how, with its last lines", async () => {
  await expect(start("exit")).rejects.toThrow(
    /ended with code 3 before it was ready\n.*cannot start here/s,
  );
});

test("an expected error keeps its code across the process boundary, in both directions", async () => {
  const server = await start("good");
  await expect(server.methods.openSession("/nowhere")).rejects.toMatchObject({
    name: "UserError",
    code: "not_found",
  });
  // The fixture asks the host for the address of the port that this folder names and answers with what it got.
  await expect(server.methods.openSession("port 1")).rejects.toMatchObject({
    code: "forbidden",
    message: "not this port",
  });
  await expect(server.methods.openSession("port 2")).rejects.toMatchObject({
    message: "https://box.example/2/",
  });
  await server.stop();
});

test("the host answers only to methods of the contract", async () => {
  const server = await start("good");
  await expect(server.methods.openSession("method constructor")).rejects.toMatchObject({
    code: "bad_request",
  });
  await server.stop();
});

test("events arrive, and ones of a newer server are passed over", async () => {
  let told!: (found: readonly Project[]) => void;
  const projects = new Promise<readonly Project[]>((resolve) => {
    told = resolve;
  });
  const server = await start("good", { projectsChanged: told });
  await server.methods.findProjects();
  expect(await projects).toEqual([]);
  await server.stop();
});

test("what is pending when the server dies is rejected at once", async () => {
  const server = await start("good");
  await expect(server.methods.openSession("die")).rejects.toMatchObject({ code: "server_gone" });
  await expect(server.methods.ping()).rejects.toMatchObject({ code: "server_gone" });
  expect(await server.ended).toBe("The Vitrine server ended with code 9");
});

test("a server that does not obey is ended after 4 s", async () => {
  const server = await start("deaf");
  const from = performance.now();
  await server.stop();
  expect(performance.now() - from).toBeLessThan(6000);
  expect(await server.ended).toBe("The Vitrine server was ended by SIGKILL");
});
