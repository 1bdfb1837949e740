/**
 * Runs compiled blocks; the same in a page and in Node. A script calls `block(job, body)` through the one global, `body`
 * gets the scope of its document and the calls that the block compiler writes (decision 31).
 */
import {
  REALM_LIMITS,
  type FromRealm,
  type RealmError,
  type RealmValue,
  type RunEvent,
  type RunRequest,
} from "../protocol/realm.ts";
import { cut, errorHead, inspectLine, inspectValue, isError, textOf } from "./inspect.ts";

/** Name of the one global of a realm. */
export const REALM_GLOBAL = "-vitrine";

/** Characters of all events of a run: with value and outputs a result stays far below what the server reads. */
const eventCharacters = 256 * 1024;
const causes = 4;

export interface LoadedModule {
  readonly namespace: object;
  /**
   * `always`: CommonJS behind a default export, names are taken from there as Vite does. `missing`: names that the module
   * does not export are taken from there, because Node finds those of CommonJS only by guessing.
   */
  readonly interop: "never" | "missing" | "always";
}

/** What a run needs of the place where it runs. */
export interface EvaluatorHost {
  send(message: FromRealm): void;
  /** Loads a module as seen from the run's document. */
  load(specifier: string, request: RunRequest): Promise<LoadedModule>;
  meta(request: RunRequest): { readonly url: string; readonly dirname?: string };
  /** More names of a fresh scope, such as `require`. */
  globals?(request: RunRequest): Readonly<Record<string, unknown>>;
}

type Scope = Record<string, unknown>;

/** What a compiled block calls; the names are the block compiler's. */
export interface BlockApi {
  /** Makes fresh bindings, `undefined` until they are assigned; an import of an earlier run under the same name ends. */
  declare(scope: Scope, names: readonly string[]): void;
  /** Makes live bindings to exports: local name → exported name, `*` for the namespace. */
  bind(scope: Scope, specifier: string, names: Readonly<Record<string, string>>): Promise<void>;
  import(specifier: string): Promise<object>;
  readonly meta: { readonly url: string; readonly dirname?: string };
}

export type BlockBody = (scope: Scope, api: BlockApi) => unknown;

export interface Evaluator {
  /** Announces a run; its script is then loaded by the caller. */
  begin(request: RunRequest): void;
  /** The script's own call. Unknown jobs and second calls are ignored. */
  block(job: string, body: BlockBody): void;
  /** The script could not be loaded or parsed. Ignored once its block began. */
  fail(job: string, error: RealmError): void;
  /** A console line or uncaught error: an event of the run in progress. Answers that run's id. */
  record(event: RunEvent): string | undefined;
}

interface Job {
  readonly request: RunRequest;
  readonly events: Trail<RunEvent>;
  readonly outputs: RealmValue[];
  outputCharacters: number;
  called: boolean;
  startedAt: number;
}

// Fake timers of a page's tests replace the clock.
const now = performance.now.bind(performance);

/** Makes the evaluator of a realm. The newest run that has not finished gets the events (the server starts one at a time). */
export function createEvaluator(host: EvaluatorHost): Evaluator {
  const jobs = new Map<string, Job>();
  const newest = (): Job | undefined => [...jobs.values()].at(-1);
  const scopeOf = createScopes(host, (value) => display(newest(), value));

  async function settle(job: Job, body: BlockBody): Promise<void> {
    try {
      const value = await body(scopeOf(job.request), apiOf(host, job.request));
      finish(job, { value: inspectValue(value, { characters: valueCharacters(job.request) }) });
    } catch (error) {
      finish(job, { error: errorFrom(error) });
    }
  }

  function finish(job: Job, outcome: { value: RealmValue } | { error: RealmError }): void {
    const id = job.request.job;
    // A job id that was used again belongs to the newer run.
    if (jobs.get(id) !== job) return;
    jobs.delete(id);
    const { items: events, missing } = job.events.take();
    const outputs = job.outputs.length > 0 ? { outputs: job.outputs } : {};
    const ms = Math.round(now() - job.startedAt);
    host.send({ type: "finished", job: id, ...outcome, ...outputs, events, missing, ms });
  }

  return {
    begin(request) {
      jobs.set(request.job, createJob(request));
      host.send({ type: "started", job: request.job });
    },
    block(id, body) {
      const job = jobs.get(id);
      if (job === undefined || job.called) return;
      job.called = true;
      job.startedAt = now();
      void settle(job, body);
    },
    fail(id, error) {
      const job = jobs.get(id);
      if (job !== undefined && !job.called) finish(job, { error });
    },
    record(event) {
      const job = newest();
      job?.events.add(event, event.text.length);
      return job?.request.job;
    },
  };
}

function createJob(request: RunRequest): Job {
  const limits = { head: 2, tail: REALM_LIMITS.runLines - 2, characters: eventCharacters };
  const events = createTrail<RunEvent>(limits);
  return { request, events, outputs: [], outputCharacters: 0, called: false, startedAt: now() };
}

/** One scope per name, for as long as the realm lives. */
function createScopes(
  host: EvaluatorHost,
  show: (value: unknown) => unknown,
): (request: RunRequest) => Scope {
  const scopes = new Map<string, Scope>();
  return (request) => {
    const known = scopes.get(request.scope);
    if (known !== undefined) return known;
    const scope: Scope = Object.create(null);
    for (const [name, value] of Object.entries({ display: show, ...host.globals?.(request) })) {
      Object.defineProperty(scope, name, { value, writable: true, configurable: true });
    }
    scopes.set(request.scope, scope);
    return scope;
  };
}

/** Shows a value beside the result of the run in progress, in the console when there is none. Answers the value. */
function display(job: Job | undefined, value: unknown): unknown {
  if (job === undefined) {
    console.log(value);
    return value;
  }
  const room = valueCharacters(job.request) - job.outputCharacters;
  const output = inspectValue(value, { characters: Math.max(room, 0) });
  job.outputCharacters += output.kind === "json" ? output.text.length : 0;
  // Once the room is used up a value is only counted, and so are the values after 1,000.
  if (job.outputs.length < REALM_LIMITS.runLines / 2) job.outputs.push(output);
  return value;
}

function valueCharacters(request: RunRequest): number {
  return Math.min(
    request.valueCharacters ?? REALM_LIMITS.valueCharacters,
    REALM_LIMITS.valueCharacters,
  );
}

function apiOf(host: EvaluatorHost, request: RunRequest): BlockApi {
  return {
    declare(scope, names) {
      for (const name of names) {
        Object.defineProperty(scope, name, {
          value: undefined,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      }
    },
    async bind(scope, specifier, names) {
      const loaded = await host.load(specifier, request);
      for (const [local, imported] of Object.entries(names)) {
        bindImport(scope, local, reader(loaded, imported, specifier));
      }
    },
    async import(specifier) {
      return namespaceOf(await host.load(specifier, request));
    },
    meta: host.meta(request),
  };
}

function bindImport(scope: Scope, local: string, get: () => unknown): void {
  Object.defineProperty(scope, local, {
    get,
    set() {
      throw new TypeError(`Assignment to constant variable ${local}: it is an import`);
    },
    enumerable: true,
    configurable: true,
  });
}

/** Reads an export at each use, so that the binding is as live as an import's. */
function reader(loaded: LoadedModule, imported: string, specifier: string): () => unknown {
  const namespace = loaded.namespace as Scope;
  if (imported === "*") {
    const whole = namespaceOf(loaded);
    return () => whole;
  }
  const inside = namespace["default"] as Scope | null | undefined;
  if (loaded.interop === "always") {
    return imported === "default" && !inside?.["__esModule"]
      ? () => inside
      : () => inside?.[imported];
  }
  if (imported in namespace) return () => namespace[imported];
  if (loaded.interop === "missing" && isObject(inside) && imported in inside) {
    return () => inside?.[imported];
  }
  throw new SyntaxError(
    `The requested module '${specifier}' does not provide an export named '${imported}'`,
  );
}

/** What `import * as` and `import()` give: for CommonJS its names and itself as `default`, as Vite gives it. */
function namespaceOf({ namespace, interop }: LoadedModule): object {
  if (interop !== "always") return namespace;
  const inside: unknown = (namespace as Scope)["default"];
  if (!isObject(inside) || Array.isArray(inside)) return { default: inside };
  return (inside as Scope)["__esModule"] ? inside : { ...inside, default: inside };
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}

/** What was thrown, which need not be an Error. Causes follow in the stack. Never throws. */
export function errorFrom(thrown: unknown): RealmError {
  if (!isError(thrown)) return { name: "Uncaught", message: inspectLine(thrown), stack: "" };
  const { name, message } = errorHead(thrown);
  const limit = REALM_LIMITS.lineCharacters;
  return {
    name: name.slice(0, 200),
    message: cut(message, limit),
    stack: cut(errorStack(thrown, 0), limit),
  };
}

function errorStack(error: object, depth: number): string {
  const { name, message } = errorHead(error);
  const head = message === "" ? name : `${name}: ${message}`;
  const stack = textOf(error, "stack").trimEnd();
  // Only V8 begins a stack with the error itself.
  const full =
    stack.includes(message) && stack.includes(name) ? stack : `${head}\n${stack}`.trimEnd();
  const cause = depth < causes ? causeOf(error) : undefined;
  if (cause === undefined) return full;
  return `${full}\n[cause] ${isError(cause) ? errorStack(cause, depth + 1) : inspectLine(cause)}`;
}

function causeOf(error: object): unknown {
  try {
    return (error as { cause?: unknown }).cause;
  } catch {
    // A getter of the user's own making: what it hides is not needed.
    return undefined;
  }
}

/** A list that keeps its first and its last items and counts what it dropped between them. */
export interface Trail<T> {
  /** @param characters what the item counts against the limit */
  add(item: T, characters: number): void;
  /** Empties it. */
  take(): { readonly items: T[]; readonly missing: number };
  /** Whether it already had to drop something. */
  isFull(): boolean;
}

/** @param limits `head` first and `tail` last items are kept, the tail only as far as `characters` allow */
export function createTrail<T>(limits: {
  head: number;
  tail: number;
  characters: number;
}): Trail<T> {
  let head: T[] = [];
  let tail: { item: T; characters: number }[] = [];
  let first = 0;
  let characters = 0;
  let missing = 0;

  function drop(): void {
    characters -= tail[first]?.characters ?? 0;
    first += 1;
    missing += 1;
    // Shifting an array for each of a million lines would be slow; it is compacted now and then.
    if (first > 1000) {
      tail = tail.slice(first);
      first = 0;
    }
  }

  return {
    add(item, size) {
      characters += size;
      if (head.length < limits.head && missing === 0) {
        head.push(item);
        return;
      }
      tail.push({ item, characters: size });
      while (
        tail.length - first > 1 &&
        (tail.length - first > limits.tail || characters > limits.characters)
      )
        drop();
    },
    take() {
      const taken = { items: [...head, ...tail.slice(first).map(({ item }) => item)], missing };
      [head, tail, first, characters, missing] = [[], [], 0, 0, 0];
      return taken;
    },
    isFull: () => missing > 0,
  };
}
