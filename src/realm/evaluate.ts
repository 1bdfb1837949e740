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
import { bindImport, namespaceOf, reader, type LoadedModule, type Scope } from "./block-imports.ts";
import { inspectValue } from "./inspect.ts";
import { logValue } from "./log-value.ts";
import { errorFrom } from "./realm-error.ts";
import { createTrail, type Trail } from "./trail.ts";

/** Name of the one global of a realm. */
export const REALM_GLOBAL = "-vitrine";
/** Heard in a page whose run was stopped, by whatever can be ended there. */
export const STOP_EVENT = "-vitrine-stop";

/** Characters of all events of a run: with value and outputs a result stays far below what the server reads. */
const eventCharacters = 256 * 1024;

/** What a run needs of the place where it runs. */
export interface EvaluatorHost {
  send(message: FromRealm): void;
  /** Loads a module as seen from the run's document. */
  load(specifier: string, request: RunRequest): Promise<LoadedModule>;
  meta(request: RunRequest): { readonly url: string; readonly dirname?: string };
  /** More names of a fresh scope, such as `require`. */
  globals?(request: RunRequest): Readonly<Record<string, unknown>>;
}

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
  /** Whether a run is announced, and its block has not begun. */
  waits(job: string): boolean;
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
      finish(job, { value: textOf(value, job.request, valueCharacters(job.request)) });
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
    waits: (id) => jobs.get(id)?.called === false,
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
  const output = textOf(value, job.request, Math.max(room, 0));
  job.outputCharacters += output.kind === "undefined" ? 0 : output.text.length;
  // Once the room is used up a value is only counted, and so are the values after 1,000.
  if (job.outputs.length < REALM_LIMITS.runLines / 2) job.outputs.push(output);
  return value;
}

function textOf(value: unknown, { values }: RunRequest, characters: number): RealmValue {
  return values === "log" ? logValue(value, characters) : inspectValue(value, { characters });
}

function valueCharacters({ values, valueCharacters: wanted }: RunRequest): number {
  const limit = values === "log" ? REALM_LIMITS.logValueCharacters : REALM_LIMITS.valueCharacters;
  return Math.min(wanted ?? limit, REALM_LIMITS.valueCharacters);
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
