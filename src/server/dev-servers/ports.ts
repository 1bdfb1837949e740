/** Ports for dev servers, one owner each, also between windows (dev-servers section 5). */
import { UserError } from "../../protocol/errors.ts";
import type { ProcessIdentity } from "../processes.ts";
import { isFree } from "./free-port.ts";
import { createHeldPorts } from "./held-ports.ts";
import { createLastPorts } from "./last-ports.ts";

/** For whom a port is. */
export interface PortHolder {
  /** Id of the project. */
  readonly id: string;
  /** Absolute root of the project: its last port is remembered under it, over restarts of the window. */
  readonly root: string;
  /** A project served through our proxy has two ports, each with its own memory; `server` when not said. */
  readonly use?: "server" | "proxy";
}

export interface Ports {
  /**
   * Reserves a port: the preferred one if it is free, else the holder's last one, else the first free of the range. A
   * holder keeps the port it prefers and has; when it gets another one, the one it had is given back, so that asking
   * without a preference moves it on. The reservation lasts until it is released, whatever becomes of the process.
   * @throws UserError `port_exhausted`
   */
  reserve(preferred?: number, holder?: PortHolder): Promise<number>;
  /**
   * Takes a port that the holder's own process listens on already, inside the range or not, in place of the one it had.
   * @returns false when another holder or window has it
   */
  adopt(port: number, holder: PortHolder): Promise<boolean>;
  /** Gives it back. The process that listened on it must be gone. */
  release(port: number): Promise<void>;
  /** Gives back what a project holds for one use. @returns the port, 0 when it held none */
  releaseByProject(id: string, use?: PortHolder["use"]): Promise<number>;
  /** @returns the port that a project holds, 0 when none */
  getPort(id: string, use?: PortHolder["use"]): number;
  releaseAll(): Promise<void>;
}

/**
 * @param directory of the lock files, shared by all servers of the user; last ports stand beside it, in `<directory>-last`
 * @param owner this server
 * @param range inclusive start, exclusive end
 * @param ignoresLast whether last ports count for nothing
 */
export function createPorts(
  directory: string,
  owner: ProcessIdentity,
  range: () => readonly [number, number],
  ignoresLast: () => boolean = () => false,
): Ports {
  const held = createHeldPorts(directory, owner);
  const lastPorts = createLastPorts(`${directory}-last`);

  const take = async (port: number, key: string): Promise<boolean> => {
    const [start, end] = range();
    if (port < start || port >= end || !(await held.hold(port, key))) return false;
    if (await isFree(port)) return true;
    await held.release(port);
    return false;
  };

  const firstFree = async (wanted: readonly number[], key: string): Promise<number> => {
    const [start, end] = range();
    for (const port of wanted) if (await take(port, key)) return port;
    for (let port = start; port < end; port++) if (await take(port, key)) return port;
    throw exhausted(start, end - 1);
  };

  return {
    async reserve(preferred, holder) {
      const key = holder === undefined ? "" : keyOf(holder.id, holder.use);
      const place = holder === undefined ? undefined : keyOf(holder.root, holder.use);
      const before = held.portOf(key);
      if (before !== 0 && before === preferred) return before;
      const isRemembered = place !== undefined && !ignoresLast();
      const last = isRemembered ? await lastPorts.read(place) : undefined;
      const wanted = [preferred, last].filter((port) => port !== undefined);
      const port = await firstFree(wanted, key);
      await held.release(before);
      if (place !== undefined) await lastPorts.write(place, port);
      return port;
    },
    async adopt(port, { id, use }) {
      const key = keyOf(id, use);
      const before = held.portOf(key);
      if (port === before) return true;
      const isHeld = await held.hold(port, key);
      if (isHeld) await held.release(before);
      return isHeld;
    },
    release: held.release,
    async releaseByProject(id, use) {
      const port = held.portOf(keyOf(id, use));
      await held.release(port);
      return port;
    },
    getPort: (id, use) => held.portOf(keyOf(id, use)),
    releaseAll: held.releaseAll,
  };
}

function keyOf(what: string, use: PortHolder["use"] = "server"): string {
  return `${use} ${what}`;
}

function exhausted(start: number, end: number): UserError {
  return new UserError(
    "port_exhausted",
    `Ports ${start}–${end} are all in use. Stop a project, free a port or change the setting vitrine.portRange`,
    { data: { start, end } },
  );
}
