#!/usr/bin/env node
/** The command line. Exit codes: 0 done, 1 failed, 2 bad usage, 3 not trusted. */
import path from "node:path";
import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { dev } from "./commands/dev.ts";
import {
  devserver,
  devServerVerbs,
  type DevServerOptions,
  type DevServerVerb,
} from "./commands/devserver.ts";
import { init } from "./commands/init.ts";
import { node } from "./commands/node.ts";
import { exitCodes, reportError } from "./commands/output.ts";
import { repl, type ReplOptions } from "./commands/repl.ts";
import { evaluate, logs, realms, type EvalOptions } from "./commands/talk.ts";

const { version } = manifest;
/** `daebug` is the verb `repl`, with the options it always had (REPL specification 16). */
const isDaebug = path.basename(process.argv[1] ?? "").startsWith("daebug");

const program = new Command(isDaebug ? "daebug" : "vitrine")
  .description(
    "A live preview of a web project, and a REPL in Markdown that talks to what is running.",
  )
  .version(isDaebug ? `v${version}` : version, "-v, --version")
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

program
  .command("dev")
  .argument("[dir]", "folder of the project", ".")
  .description("Serves one project until Ctrl-C.")
  .option(
    "--port <number>",
    "port of the pages, or the first free one after it; a command of the project (ui.command) listens at the next free one",
    toPort,
  )
  .option("--json", "one JSON object per line on standard output")
  .option("--trust", "say explicitly that the folder may run code (starting in it says so already)")
  .addHelpText(
    "after",
    "\nExamples:\n  vitrine dev\n  vitrine dev packages/shop --port 15180 --json",
  )
  .action(dev);

program
  .command("node")
  .argument("[script]", "module that is run first")
  .description("Connects a Node process to the server of the folder; its log is run in it.")
  .option("-r, --root <dir>", "folder whose server runs", ".")
  .addHelpText("after", examples("node", "node --root site scripts/seed.ts"))
  .action(node);

program
  .command("init")
  .argument("[dir]", "folder of the project", ".")
  .description("Adds the logs of the REPL to .gitignore.")
  .option("-y, --yes", "do not ask")
  .addHelpText("after", examples("init", "init packages/shop --yes"))
  .action(init);

program
  .command("test")
  .argument("[pattern]", "which files (default: **/*.test.js)")
  .description("Runs the tests of a folder in a connected page; the same as repl --test.")
  .option("-r, --root <dir>", "folder of the tests", ".")
  .option("-p, --port <number>", "port of the server", toPort)
  .option("--page <text>", "part of the name of the page")
  .option("--json", "one JSON object on standard output")
  .addHelpText("after", examples("test", "test 'src/**/*.test.js' --page shop"))
  .action(async (pattern: string | undefined, options: ReplOptions) => {
    process.exitCode = await repl({ ...options, test: pattern ?? true });
  });

addTalkOptions(program.command("realms"))
  .description("Lists what is connected to the server of the folder.")
  .addHelpText("after", examples("realms", "realms --root site --json"))
  .action(realms);

addTalkOptions(program.command("eval").argument("<code>", "JavaScript or TypeScript"))
  .description("Runs code in a realm, through its log, and prints the answer.")
  .option("--realm <name>", "which realm (default: the page that was seen last)")
  .option("--timeout <ms>", "how long the code may run", toMs)
  .addHelpText("after", examples('eval "document.title"', 'eval "cart.total()" --json'))
  .action(async (code: string, options: EvalOptions) => {
    process.exitCode = await evaluate(code, options);
  });

addTalkOptions(program.command("logs").argument("[name]", "realm whose log is printed"))
  .description("Prints the log of a realm, or where the logs are.")
  .addHelpText("after", examples("logs", "logs 7-zen-1201-03"))
  .action(logs);

addTalkOptions(
  program
    .command("devserver")
    .addArgument(new Argument("<verb>", "what to do, see below").choices(devServerVerbs))
    .argument("[id]", "id of the project (default: the one of the folder)"),
)
  .description(
    "Starts, stops and looks at the dev servers of the folder's server, which the editor or vitrine dev has started.",
  )
  .option("--count <lines>", "with logs: how many of the newest lines, 0 for all", toCount, 1000)
  .option("--devinfo <file>", "with attach: the .devinfo file to attach to")
  .option("--path <dir>", "with start and a new id: a folder that need not be configured")
  .addHelpText(
    "after",
    `
Verbs:
  list                  every project and how it stands
  start, stop, restart  UI and back end of a project; start and restart wait until it is up
  rebuild               builds the back end; its UI goes on
  install               installs the packages of a project, then starts it
  open                  starts a project and prints the address of its pages
  attach, detach        shows a process that announced itself by a .devinfo, or lets go of it
  status, logs, errors  of a project
  start-all, stop-all   of every project`,
  )
  .addHelpText("after", examples("devserver list", "devserver restart shop --json"))
  .action(async (verb: DevServerVerb, id: string | undefined, options: DevServerOptions) => {
    process.exitCode = await devserver(verb, id, options);
  });

const replCommand = addReplOptions(program.command("repl", { isDefault: isDaebug }))
  .description("Serves a folder's pages and keeps their logs: the REPL in Markdown files.")
  .addHelpText(
    "after",
    "\nExamples:\n  vitrine repl --root site\n  vitrine repl --test 'test/**/*.test.js' --page shop",
  );

// The options of `daebug` itself are those of its verb `repl`.
if (isDaebug) program.addHelpText("after", () => `\n${replCommand.helpInformation()}`);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own message; asking for help or the version is no failure.
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else process.exitCode = reportError(error);
}

function addTalkOptions(command: Command): Command {
  return command
    .option("-r, --root <dir>", "folder whose server runs", ".")
    .option("--json", "one JSON object on standard output");
}

function addReplOptions(command: Command): Command {
  return command
    .option("-r, --root <dir>", "folder that is served and keeps the logs", ".")
    .option("-p, --port <number>", "port (default: derived from the folder's name)", toPort)
    .option("--test [pattern]", "run the tests that match in a connected page, then end")
    .option("--page <text>", "with --test: part of the name of the page")
    .option("--host <address>", "address to listen on (default: this machine only)")
    .option("--allow-external", "with --host and --key: let other machines in")
    .option("--key <key>", "what realms must bring")
    .option(
      "--allow-origin <origin>",
      "let pages of this origin be realms; may be given again",
      toOrigins,
    )
    .option("--log <form>", "`json` for one object per line on standard error", toLogForm)
    .option("--timeout <ms>", "how long a request may run", toMs)
    .option("--no-inject", "pages get no client of ours")
    .option("--json", "one JSON object per line on standard output")
    .option(
      "--trust",
      "say explicitly that the folder may run code (starting in it says so already)",
    )
    .action(async (options: ReplOptions) => {
      process.exitCode = await repl(options);
    });
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${program.name()} ${line}`).join("\n")}`;
}

function toOrigins(text: string, before: readonly string[] = []): readonly string[] {
  const isOrigin = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isOrigin || new URL(text).origin !== text)
    throw new InvalidArgumentError("An origin is scheme, host and port: https://example.com.");
  return [...before, text];
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("A port is a whole number from 1 to 65535.");
  return port;
}

function toMs(text: string): number {
  const ms = Number(text);
  if (!Number.isInteger(ms) || ms < 1)
    throw new InvalidArgumentError("A time is a whole number of milliseconds.");
  return ms;
}

function toCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0)
    throw new InvalidArgumentError("A number of lines is a whole number from 0.");
  return count;
}

function toLogForm(text: string): string {
  if (text !== "json") throw new InvalidArgumentError("The only form is json.");
  return text;
}
