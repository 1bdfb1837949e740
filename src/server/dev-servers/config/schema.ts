/**
 * What may stand in `devServers.projects` of a `vitrine.json` or of the settings (dev-servers section 2). Messages are
 * what a value must be; `issues.ts` makes sentences of them. `schemas/vitrine.schema.json` says the same for the editor.
 */
import * as v from "valibot";
import { problemsSchema } from "./matcher-schema.ts";

/** Longest path, argument or address. */
const textLimit = 4096;
const listLimit = 1000;
const longestDebounceMs = 60_000;
const longestTimeoutMs = 600_000;
const defaultTimeoutMs = 30_000;

const aText = "a text that is not empty";
const text = v.pipe(v.string(aText), v.minLength(1, aText), v.maxLength(textLimit, aText));
const texts = v.pipe(v.array(text, "a list of texts"), v.maxLength(listLimit, "a shorter list"));

const aCommand = "a list of texts that begins with a program";
const command = v.pipe(
  v.array(v.pipe(v.string("a text"), v.maxLength(textLimit, "a shorter text")), aCommand),
  v.minLength(1, aCommand),
  v.maxLength(listLimit, "a shorter list"),
  v.check(([program]) => program !== "", aCommand),
);

const aGlob = "a pattern below the project's root, without .. and without a leading slash";
const glob = v.pipe(
  v.string(aGlob),
  v.maxLength(textLimit, aGlob),
  v.regex(/^(?!\/|[A-Za-z]:)(?!(?:.*\/)?\.\.(?:\/|$)).+$/, aGlob),
);
const globs = v.pipe(v.array(glob, "a list of patterns"), v.maxLength(listLimit, "a shorter list"));

const anId = "1 to 64 letters, digits, dots, hyphens or underscores, and neither . nor ..";
const id = v.pipe(v.string(anId), v.regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/, anId));
/** Plugins that one page shows; each is a dev server. */
const pluginsLimit = 100;
const ids = v.pipe(v.array(id, "a list of ids"), v.maxLength(pluginsLimit, "a shorter list"));
const anObject = "an object";
const aBoolean = "true or false";
/** A list passes for an object of optional keys. */
const notAList = (message: string) =>
  v.custom<object>(
    (input) => typeof input === "object" && input !== null && !Array.isArray(input),
    message,
  );
const env = v.pipe(
  notAList("an object of texts"),
  v.record(v.string(), v.string("a text"), "an object of texts"),
);

const milliseconds = (lowest: number, highest: number) => {
  const expected = `a whole number of ms from ${lowest} to ${highest}`;
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(lowest, expected),
    v.maxValue(highest, expected),
  );
};
const timeoutMs = v.optional(milliseconds(1, longestTimeoutMs), defaultTimeoutMs);

const commandObject = {
  command,
  cwd: v.optional(text, "."),
  env: v.optional(env, {}),
};

const anExpression = "a regular expression with a group named addr, port or url";
const handshake = v.variant(
  "type",
  [
    v.object({ type: v.literal("go-plugin"), timeoutMs }),
    v.object({
      type: v.literal("regex"),
      pattern: v.pipe(v.string(anExpression), v.check(namesAddress, anExpression)),
      timeoutMs,
    }),
    v.object({
      type: v.literal("tcp"),
      addr: v.pipe(
        v.string(),
        v.regex(/^(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/, "127.0.0.1:<port>"),
      ),
      timeoutMs,
    }),
    v.object({
      type: v.literal("http"),
      url: v.pipe(
        v.string(),
        v.regex(
          /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:\/.*)?$/,
          "an http address of this machine",
        ),
      ),
      timeoutMs,
    }),
    v.object({ type: v.literal("none") }),
  ],
  'an object with the type "go-plugin", "regex", "tcp", "http" or "none"',
);

const signals = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGTERM",
  "SIGCONT",
  "SIGWINCH",
] as const;
const aReload = '"restart", "none", or an object with a command or a signal';
const reload = v.lazy((input) => {
  if (typeof input !== "object" || input === null) return v.picklist(["restart", "none"], aReload);
  return "command" in input
    ? v.object({ command })
    : v.object({ signal: v.picklist(signals, `one of ${signals.join(", ")}`) }, aReload);
});

const built = v.object(
  { entry: text, format: v.picklist(["system", "esm", "iife"], '"system", "esm" or "iife"') },
  anObject,
);

const ui = v.pipe(
  notAList(anObject),
  v.object(
    {
      root: v.optional(text, "."),
      entry: v.exactOptional(text),
      built: v.exactOptional(built),
      runner: v.optional(v.picklist(["api", "command"], '"api" or "command"'), "api"),
      command: v.exactOptional(command),
      install: v.optional(v.picklist(["ask", "auto", "never"], '"ask", "auto" or "never"'), "ask"),
      shared: v.optional(texts, []),
      plugins: v.optional(ids, []),
    },
    anObject,
  ),
  v.forward(
    v.partialCheck(
      [["runner"], ["command"]],
      (input) => input.runner === "api" || input.command !== undefined,
      "a command",
    ),
    ["command"],
  ),
  v.forward(
    v.partialCheck(
      [["plugins"], ["shared"]],
      (input) => input.plugins.length === 0 || input.shared.length === 0,
      "empty beside plugins: a page that shows plugins provides its own packages",
    ),
    ["shared"],
  ),
);

const backend = v.pipe(
  v.object(
    {
      build: v.exactOptional(v.object(commandObject, anObject)),
      artifact: v.exactOptional(text),
      install: v.exactOptional(text),
      sync: v.optional(texts, []),
      watch: v.exactOptional(
        v.object({ include: globs, exclude: v.optional(globs, []) }, anObject),
      ),
      debounceMs: v.optional(milliseconds(0, longestDebounceMs), 500),
      onChangeDuringBuild: v.optional(
        v.picklist(["queue", "cancel"], '"queue" or "cancel"'),
        "queue",
      ),
      problems: v.exactOptional(problemsSchema),
      run: v.exactOptional(
        v.object(
          { ...commandObject, handshake: v.optional(handshake, { type: "none" }) },
          anObject,
        ),
      ),
      reload: v.optional(reload, "restart"),
    },
    anObject,
  ),
  v.check(
    (input) => input.build !== undefined || input.run !== undefined,
    "an object with build or run",
  ),
);

export const projectSchema = v.pipe(
  v.object(
    {
      id,
      name: v.exactOptional(text),
      root: v.optional(text, "."),
      ui: v.exactOptional(ui),
      backend: v.exactOptional(backend),
      autostart: v.optional(v.boolean(aBoolean), false),
    },
    anObject,
  ),
  v.check(
    (input) => input.ui !== undefined || input.backend !== undefined,
    "an object with ui or backend",
  ),
);

/** One project as somebody wrote it down, checked, defaults applied, paths and variables not yet resolved. */
export type ProjectEntry = v.InferOutput<typeof projectSchema>;

/** A whole `vitrine.json`; the projects are checked one by one, so that one mistake costs one project. */
export const fileParts = {
  $schema: v.exactOptional(v.string("a text")),
  devServers: v.exactOptional(
    v.pipe(
      notAList(anObject),
      v.object({ projects: v.optional(v.array(v.unknown(), "a list of projects"), []) }),
    ),
  ),
  modules: v.exactOptional(
    v.pipe(notAList(anObject), v.looseObject({ staticRoot: v.exactOptional(v.string("a text")) })),
  ),
};

/** Handed on as it stands: module streaming knows what it means. */
export type ModulesEntry = v.InferOutput<(typeof fileParts)["modules"]>;

function namesAddress(pattern: string): boolean {
  try {
    // An alternative that matches nothing tells the names of the groups.
    const { groups = {} } = new RegExp(`${pattern}|`).exec("") ?? {};
    return ["addr", "port", "url"].some((name) => name in groups);
  } catch {
    // No regular expression at all.
    return false;
  }
}
