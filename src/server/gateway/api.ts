/** The control API: `POST /api/<area>/<method>` with the parameters by name. Same owners, same words as the contract. */
import * as v from "valibot";
import type { DevServerState } from "../../protocol/dev-server.ts";
import { UserError } from "../../protocol/errors.ts";
import type { Session } from "../../protocol/model.ts";
import type { DevServers } from "../dev-servers/dev-servers.ts";
import type { Methods } from "../methods.ts";

export interface ApiSources {
  readonly methods: Methods;
  readonly devServers: DevServers;
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

export function createApi({ methods, devServers, sessions }: ApiSources): Api {
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
    ...devServerMethods(devServers),
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
      devServersChanged: devServers.list(),
    }),
  };
}

/** Section 7 of the dev-server specification. */
function devServerMethods(servers: DevServers): [string, Method][] {
  const file = v.optional(v.pipe(v.string(), v.maxLength(1024)));
  const place = v.strictObject({
    ...id.entries,
    path: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
  });
  const attach = v.strictObject({ ...id.entries, devinfoPath: file });
  const logs = v.strictObject({
    ...id.entries,
    count: v.optional(v.pipe(v.number(), v.integer()), 0),
  });
  const list: [string, Method][] = [
    ["start", method(id, (parameters) => servers.start(parameters.id))],
    [
      "startForPath",
      method(place, (parameters) => servers.startForPath(parameters.id, parameters.path)),
    ],
    ["stop", method(id, (parameters) => servers.stop(parameters.id))],
    ["restart", method(id, (parameters) => servers.restart(parameters.id))],
    ["install", method(id, (parameters) => servers.install(parameters.id))],
    ["rebuild", method(id, (parameters) => servers.rebuild(parameters.id))],
    [
      "attach",
      method(attach, (parameters) => servers.attach(parameters.id, parameters.devinfoPath)),
    ],
    ["detach", method(id, (parameters) => servers.detach(parameters.id))],
    ["status", method(id, (parameters) => servers.status(parameters.id) ?? idle(parameters.id))],
    ["list", method(none, () => servers.list())],
    ["logs", method(logs, (parameters) => servers.logs(parameters.id, parameters.count))],
    ["errors", method(id, (parameters) => servers.errors(parameters.id))],
    ["isManaged", method(id, ({ id: name }) => isOurs(servers.status(name)))],
    ["externalInfo", method(id, (parameters) => servers.externalInfo(parameters.id))],
    ["shutdown", method(none, () => servers.shutdown())],
  ];
  return list.map(([name, entry]) => [`devservers/${name}`, entry]);
}

function idle(pluginID: string): Pick<DevServerState, "pluginID" | "mode"> {
  return { pluginID, mode: "idle" };
}

/** Managed or attached. */
function isOurs(state: DevServerState | undefined): boolean {
  return state !== undefined && state.mode !== "idle";
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
