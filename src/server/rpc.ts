/**
 * Typed calls over any post/on pair. Results travel wrapped, because an Error sent over IPC keeps its message and loses
 * its code. One `call` and one `event` on the wire; the contracts of src/protocol say what may be called.
 */
import { createBirpc } from "birpc";
import { fromWire, toWire, UserError, type WireError } from "../protocol/errors.ts";

/** A message channel: a process, a MessagePort, a pair of test doubles. */
export interface Link {
  post(message: unknown): void;
  on(listener: (message: unknown) => void): void;
}

type Wrapped = { ok: true; value: unknown } | { ok: false; error: WireError };

interface Wire {
  call(method: string, args: readonly unknown[]): Promise<Wrapped>;
  event(name: string, args: readonly unknown[]): void;
}

type Functions = { [name: string]: (...args: never[]) => unknown };

export interface Rpc<Remote, RemoteEvents> {
  readonly remote: Remote;
  /** Tells without waiting; a closed channel swallows it. */
  tell<Name extends keyof RemoteEvents & string>(
    name: Name,
    ...args: RemoteEvents[Name] extends (...args: infer Args) => unknown ? Args : never
  ): void;
  /** Rejects everything pending. */
  close(reason: string): void;
}

/**
 * Connects two sides.
 * @param local `methods` answers calls, `events` receives what is told, `deadline` in ms bounds every call of ours.
 */
export function connect<Remote extends object, RemoteEvents extends object = object>(
  link: Link,
  local: { methods: object; events?: object; deadline: number },
): Rpc<Remote, RemoteEvents> {
  const rpc = createBirpc<Wire, Wire>(
    {
      async call(method, args) {
        try {
          return { ok: true, value: await own(local.methods, method)(...(args as never[])) };
        } catch (error) {
          return { ok: false, error: toWire(error) };
        }
      },
      event(name, args) {
        own(local.events ?? {}, name)(...(args as never[]));
      },
    },
    {
      post: (message) => link.post(message),
      on: (listener) => link.on(listener),
      eventNames: ["event"],
      timeout: local.deadline,
    },
  );
  return {
    remote: remoteOf<Remote>(rpc.call),
    tell: (name, ...args) => {
      // The other side may be gone already; what is told is never waited for.
      rpc.event(name, args).catch(() => {});
    },
    close: (reason) => rpc.$close(new UserError("server_gone", reason)),
  };
}

/** Only own properties: a method name from the wire must not reach the prototype. */
function own(functions: object, name: string): (...args: never[]) => unknown {
  const found = Object.hasOwn(functions, name) ? (functions as Functions)[name] : undefined;
  if (typeof found !== "function") throw new UserError("bad_request", `There is no method ${name}`);
  return found;
}

function remoteOf<Remote extends object>(call: Wire["call"]): Remote {
  const target = {} as Remote;
  return new Proxy(target, {
    get(_target, method) {
      // A promise resolved with this proxy must not take it for a thenable.
      if (typeof method !== "string" || method === "then") return undefined;
      return async (...args: unknown[]) => {
        const wrapped = await call(method, args);
        if (wrapped.ok) return wrapped.value;
        throw fromWire(wrapped.error);
      };
    },
  });
}
