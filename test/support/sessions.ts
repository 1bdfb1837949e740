/** Sessions in this process, over real ports, realms and processes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { Project, Session, SessionState } from "../../src/protocol/model.ts";
import { createPorts, type Ports } from "../../src/server/dev-servers/ports.ts";
import type { UiConfig } from "../../src/server/dev-servers/project-config.ts";
import { createLog } from "../../src/server/log.ts";
import { processStart } from "../../src/server/processes.ts";
import { Realms } from "../../src/server/realms/realms.ts";
import { createCaches } from "../../src/server/sessions/caches.ts";
import { Sessions } from "../../src/server/sessions/sessions.ts";
import { ViteHosts, type Isolation } from "../../src/server/vite-host/vite-hosts.ts";
import { eventually } from "./eventually.ts";
import { firstPort } from "./server.ts";

export interface TestSessions {
  readonly sessions: Sessions;
  readonly realms: Realms;
  readonly ports: Ports;
  readonly logs: readonly string[];
  /** Pids of the processes that were started and live. */
  readonly children: ReadonlySet<number>;
  is(id: string, name: SessionState["name"], timeout?: number): Promise<Session>;
}

export interface TestSessionsOptions {
  /** By project id. */
  readonly configs?: Readonly<Record<string, UiConfig>>;
  /** Ms. */
  readonly idleStop?: number;
  readonly isolation?: Isolation;
}

const keepNothing = { wire: () => async () => {}, script: () => undefined };

export async function useSessions(options: TestSessionsOptions = {}): Promise<TestSessions> {
  const directory = await mkdtemp(path.join(tmpdir(), "vtr-sessions-"));
  const owner = { pid: process.pid, start: (await processStart(process.pid)) ?? "" };
  const ports = createPorts(path.join(directory, "ports"), owner, () => [
    firstPort,
    firstPort + 90,
  ]);
  const children = new Set<number>();
  const keeper = {
    addChild: async (pid: number) => void children.add(pid),
    removeChild: async (pid: number) => void children.delete(pid),
  };
  const logs: string[] = [];
  const log = createLog((entries) => logs.push(...entries.map(({ message }) => message)));
  const viteHosts = new ViteHosts({
    keeper,
    log,
    directory,
    warmStart: () => false,
    isolation: () => options.isolation ?? "process",
  });
  const realms = new Realms();
  const sessions = new Sessions({
    ...keepNothing,
    ports,
    viteHosts,
    keeper,
    log,
    realms,
    caches: createCaches(directory, owner),
    runDirectory: directory,
    externalAddress: async (port) => `http://127.0.0.1:${port}/`,
    streaming: () => "auto",
    composite: () => ({ shared: [], plugins: [], published: [], pages: [] }),
    shownBy: () => [],
    uiConfig: (id) => options.configs?.[id],
    idleStop: () => options.idleStop ?? 0,
    changed: () => {},
  });
  onTestFinished(async () => {
    await sessions.stopAll();
    await viteHosts.stop();
    await ports.releaseAll();
    log.flush();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    sessions,
    realms,
    ports,
    logs,
    children,
    is: (id, name, timeout = 30_000) =>
      eventually(
        `session ${id} to be ${name}`,
        () => sessions.list().find((one) => one.id === id && one.state.name === name),
        timeout,
      ),
  };
}

/** A UI-only project as the server knows it. */
export function projectAt(root: string, id = "shop"): Project {
  return {
    id,
    name: id,
    root,
    folder: root,
    hasUI: true,
    hasBackend: false,
    autostart: false,
    evidence: "html",
  };
}
