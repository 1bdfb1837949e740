/** The control API: `POST /api/<area>/<method>` with the parameters by name. Same owners, same words as the contract. */
import * as v from "valibot";
import { UserError } from "../../protocol/errors.ts";
import type { Session } from "../../protocol/model.ts";
import type { Methods } from "../methods.ts";

export interface ApiSources {
  readonly methods: Methods;
  sessions(): readonly Session[];
}

export interface Api {
  /** @param name `<area>/<method>` */
  call(name: string, parameters: unknown): Promise<unknown>;
  /** What a listener must know before the first change. */
  snapshot(): Readonly<Record<string, unknown>>;
}

interface Method {
  readonly parameters: v.GenericSchema;
  call(parameters: never): unknown;
}

const id = v.strictObject({ id: v.pipe(v.string(), v.maxLength(64)) });
const none = v.strictObject({});
const folder = v.strictObject({ folder: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)) });
const block = v.strictObject({
  file: v.pipe(v.string(), v.maxLength(1024)),
  text: v.string(),
  block: v.pipe(v.number(), v.integer(), v.minValue(0)),
  realm: v.optional(v.pipe(v.string(), v.maxLength(100))),
});

export function createApi({ methods, sessions }: ApiSources): Api {
  const table = new Map<string, Method>([
    ["projects/list", method(none, () => methods.projects())],
    ["projects/find", method(none, () => methods.findProjects())],
    ["sessions/list", method(none, sessions)],
    ["sessions/open", method(folder, (parameters) => methods.openSession(parameters.folder))],
    ["sessions/stop", method(id, (parameters) => methods.stopSession(parameters.id))],
    ["sessions/restart", method(id, (parameters) => methods.restartSession(parameters.id))],
    ["realms/list", method(none, () => sessions().flatMap((session) => session.realms))],
    [
      "runs/start",
      method(block, ({ realm, ...request }) =>
        methods.runBlock(realm === undefined ? request : { ...request, realm }),
      ),
    ],
    ["runs/stop", method(id, (parameters) => methods.stopRun(parameters.id))],
  ]);
  return {
    async call(name, parameters) {
      const found = table.get(name);
      if (found === undefined)
        throw new UserError("not_found", `There is no method ${name.slice(0, 100)}`);
      const checked = v.safeParse(found.parameters, parameters);
      if (!checked.success)
        throw new UserError("bad_request", `${name}: ${checked.issues.map(describe).join("; ")}`);
      return found.call(checked.output as never);
    },
    snapshot: () => ({
      projectsChanged: methods.projects(),
      sessionsChanged: sessions(),
      projectProblemsChanged: methods.projectProblems(),
    }),
  };
}

function method<Schema extends v.GenericSchema>(
  parameters: Schema,
  call: (parameters: v.InferOutput<Schema>) => unknown,
): Method {
  return { parameters, call };
}

function describe(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "the body"}: ${issue.message}`;
}
