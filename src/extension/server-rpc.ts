/**
 * Typed calls to the server. Results travel wrapped, because an Error that crosses the IPC channel loses its code. On
 * the wire there is one `call` in each direction and one `event` from the server.
 */
import { createBirpc } from "birpc";
import {
  DEADLINES,
  type HostMethods,
  type ServerEvents,
  type ServerMethods,
} from "../protocol/contract.ts";
import { fromWire, toWire, UserError, type WireError } from "../protocol/errors.ts";

/** A message channel: a child process, or one end of a MessageChannel in tests. */
export interface Link {
  post(message: unknown): void;
  on(listener: (message: unknown) => void): void;
}

export interface ServerClient {
  readonly methods: ServerMethods;
  /** Rejects everything pending with `server_gone`. */
  close(reason: string): void;
}

type Wrapped =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: WireError };

interface Wire {
  call(method: string, args: readonly unknown[]): Promise<Wrapped>;
}

/** Ms. Everything that may wait for a Vite host has the long deadline. */
const deadlines: Readonly<Record<keyof ServerMethods, number>> = {
  initialize: DEADLINES.start,
  configure: DEADLINES.call,
  setFolders: DEADLINES.call,
  grantTrust: DEADLINES.call,
  findProjects: DEADLINES.start,
  openSession: DEADLINES.start,
  stopSession: DEADLINES.call,
  restartSession: DEADLINES.start,
  runBlock: DEADLINES.start,
  stopRun: DEADLINES.call,
  documentChanged: DEADLINES.call,
  startRepl: DEADLINES.start,
  stopRepl: DEADLINES.call,
  openLog: DEADLINES.call,
  appendToLog: DEADLINES.call,
  findTests: DEADLINES.start,
  runTests: DEADLINES.start,
  cancelTests: DEADLINES.call,
  startDevServer: DEADLINES.start,
  startDevServerForPath: DEADLINES.start,
  stopDevServer: DEADLINES.start,
  restartDevServer: DEADLINES.start,
  installDependencies: DEADLINES.start,
  rebuildDevServer: DEADLINES.call,
  attachDevServer: DEADLINES.call,
  detachDevServer: DEADLINES.call,
  devServerLogs: DEADLINES.call,
  ping: DEADLINES.call,
  shutdown: DEADLINES.call,
};

/** Connects to a server at the other end of `link`. */
export function connectServer(link: Link, host: HostMethods, events: ServerEvents): ServerClient {
  let closed: string | undefined;
  const rpc = createBirpc<Wire, Wire & { event(name: string, args: readonly unknown[]): void }>(
    {
      call: (method, args) => answer(host, method, args),
      event: (name, args) => {
        const listener = own(events, name);
        // A newer server may tell more than this host knows; that is no fault.
        listener?.(...args);
      },
    },
    {
      post: (message) => link.post(message),
      on: (listener) => link.on(listener),
      timeout: DEADLINES.start,
    },
  );
  const invoke = async (
    method: keyof ServerMethods,
    args: readonly unknown[],
  ): Promise<unknown> => {
    if (closed !== undefined) throw new UserError("server_gone", closed);
    const wrapped = await withDeadline(rpc.call(method, args), method);
    if (wrapped.ok) return wrapped.value;
    throw fromWire(wrapped.error);
  };
  return {
    methods: Object.fromEntries(
      (Object.keys(deadlines) as (keyof ServerMethods)[]).map((method) => [
        method,
        (...args: unknown[]) => invoke(method, args),
      ]),
    ) as unknown as ServerMethods,
    close(reason) {
      closed ??= reason;
      rpc.$close(new UserError("server_gone", closed));
    },
  };
}

async function answer(
  host: HostMethods,
  method: string,
  args: readonly unknown[],
): Promise<Wrapped> {
  try {
    const found = own(host, method);
    if (!found) throw new UserError("bad_request", `The host has no method ${method}`);
    return { ok: true, value: await found(...args) };
  } catch (error) {
    return { ok: false, error: toWire(error) };
  }
}

/** Only own properties: a name from the wire must not reach the prototype. */
function own(
  functions: object,
  name: string,
): ((...args: readonly unknown[]) => unknown) | undefined {
  const found: unknown = Object.hasOwn(functions, name) ? Reflect.get(functions, name) : undefined;
  return typeof found === "function"
    ? (...args) => Reflect.apply(found, functions, args) as unknown
    : undefined;
}

async function withDeadline<T>(pending: Promise<T>, method: keyof ServerMethods): Promise<T> {
  const ms = deadlines[method];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new UserError(
            "deadline",
            `The server did not answer ${method} within ${ms / 1000} s. See the log.`,
          ),
        ),
      ms,
    );
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
