/** Pages served by a command of the project, and shown through our proxy (decision 7, dev-servers 4.1.5). */
import { UserError } from "../../../protocol/errors.ts";
import {
  startCommand,
  type CommandExit,
  type RunningCommand,
} from "../../dev-servers/commands/command.ts";
import { cutLine } from "../../dev-servers/line-reader.ts";
import { levelOf } from "../../dev-servers/log-level.ts";
import type { ProxyListener } from "../../dev-servers/proxy/proxy-listener.ts";
import { quoted } from "../../quoted.ts";
import type { UiConfig } from "../../dev-servers/project-config.ts";
import { firstServing, isAnswering } from "./answers.ts";
import { preparePackages, withMissingPackages } from "./install.ts";
import { tryPorts, withinLimits } from "./limits.ts";
import { openProxy, realmOnly } from "./proxied.ts";
import { addressesToAsk, listenAt } from "./server-command.ts";
import { ServerOutput } from "./server-output.ts";
import {
  startTimeoutMs,
  type UiExit,
  type UiFacts,
  type UiParts,
  type UiRun,
  type UiServer,
} from "./ui-server.ts";

export class CommandUi implements UiServer {
  readonly kind = "command";
  readonly #parts: UiParts;
  readonly #argv: readonly string[];
  readonly #install: UiConfig["install"];
  #proxy: ProxyListener | undefined;
  /** The one that the command is told, then the one that it has. */
  #port = 0;
  #serverUrl = "";
  #command: RunningCommand | undefined;

  /**
   * @param argv program and arguments, no shell
   * @param install what to do when the project's packages are missing
   */
  constructor(parts: UiParts, argv: readonly string[], install: UiConfig["install"]) {
    this.#parts = parts;
    this.#argv = argv;
    this.#install = install;
  }

  facts(): UiFacts {
    return {
      port: this.#proxy?.port ?? 0,
      addresses: this.#proxy?.addresses(),
      serverUrl: this.#serverUrl,
      pid: this.#command?.pid ?? 0,
      viteVersion: "",
      notices: [realmOnly(`the command ${this.#name} serves ${this.#parts.project.name}`)],
      problems: [],
      vite: undefined,
    };
  }

  async reserve(): Promise<void> {
    // The pages first: whoever names a port means theirs.
    this.#proxy ??= await openProxy(this.#parts, () => this.#serverUrl);
    if (this.#port === 0) await this.#reserve();
  }

  async start(signal: AbortSignal): Promise<UiRun> {
    const { log, project, installsNow } = this.#parts;
    await preparePackages(this.#parts, installsNow() ? "now" : this.#install, signal);
    return tryPorts(
      () => this.#serve(signal),
      async ({ message }) => {
        log.add("warn", `${message}; trying the next one`, { session: project.id });
        await this.stop();
        await this.#reserve();
      },
    );
  }

  /** The proxy asks for each request. */
  async recompose(): Promise<void> {}

  isAnswering(): Promise<boolean> {
    return isAnswering(this.#serverUrl);
  }

  async stop(): Promise<void> {
    const command = this.#command;
    this.#command = undefined;
    this.#serverUrl = "";
    await command?.stop();
  }

  async release(): Promise<void> {
    const proxy = this.#proxy;
    this.#proxy = undefined;
    this.#port = 0;
    await proxy?.close();
    await this.#parts.ports.releaseByProject(this.#parts.project.id);
  }

  get #name(): string {
    return quoted(this.#argv.join(" "));
  }

  async #reserve(): Promise<void> {
    const { ports, project } = this.#parts;
    this.#port = await ports.reserve(undefined, { id: project.id, root: project.root });
  }

  async #serve(signal: AbortSignal): Promise<UiRun> {
    const { step, changed } = this.#parts;
    step(`Running ${this.#name}`);
    const output = new ServerOutput();
    const command = await this.#spawn(output).catch((error: unknown) => this.#explain(error));
    this.#command = command;
    changed();
    const early = command.exited.then((exit) => this.#explain(this.#earlyExit(exit, output)));
    const ended = new AbortController();
    const serving = output.address.then(async (address) => {
      await this.#adopt(Number(address.port));
      step(`Waiting for ${address.origin} to answer`);
      return firstServing(addressesToAsk(address), ended.signal);
    });
    try {
      this.#serverUrl = await withinLimits(Promise.race([serving, early]), {
        ms: startTimeoutMs,
        signal,
        late: () => this.#late(output.announced),
      });
    } finally {
      ended.abort();
    }
    return { exited: this.#exit(command, output) };
  }

  #spawn(output: ServerOutput): Promise<RunningCommand> {
    const { project, keeper, log, edited } = this.#parts;
    const { prefix = "/" } = this.#proxy?.addresses() ?? {};
    return startCommand(
      {
        command: listenAt(this.#argv, { port: this.#port, prefix }),
        cwd: project.root,
        // The preview is the display; a second window would open with each restart.
        env: { BROWSER: "none" },
      },
      {
        keeper,
        line: ({ text }) => {
          const message = cutLine(text);
          log.add(levelOf(message), message, { source: "vite", session: project.id });
          // It watches the files, we do not: of an edit it says something.
          edited();
          output.add(message);
        },
      },
    );
  }

  /** Scripts with a port of their own do not care for ours (dev-servers 4.1.5). */
  async #adopt(port: number): Promise<void> {
    if (port === this.#port) return;
    const { ports, project, log } = this.#parts;
    if (!(await ports.adopt(port, { id: project.id, root: project.root })))
      throw new UserError(
        "config_failed",
        `The command ${this.#name} serves at port ${port}, which another project has. Let it listen where --port says, or change its port`,
      );
    log.add("info", `${project.name} listens on port ${port} instead of ${this.#port}`, {
      session: project.id,
    });
    this.#port = port;
  }

  async #exit(command: RunningCommand, { lastLines }: ServerOutput): Promise<UiExit> {
    const exit = await command.exited;
    if (this.#command === command) [this.#command, this.#serverUrl] = [undefined, ""];
    const message = `The command ${this.#name} of ${this.#parts.project.name} ended ${how(exit)}.`;
    return { code: "server_gone", message, lastLines };
  }

  async #explain(error: unknown): Promise<never> {
    const isTaken = error instanceof UserError && error.code === "port_in_use";
    if (!(error instanceof UserError) || isTaken) throw error;
    throw await withMissingPackages(error, this.#parts.project, this.#install);
  }

  #earlyExit(exit: CommandExit, output: ServerOutput): UserError {
    const port = this.#port;
    if (output.saysTaken(port))
      return new UserError("port_in_use", `Port ${port} was taken by another program`, {
        data: { port },
      });
    const last = output.lastLines.at(-1)?.trim();
    const said = last === undefined ? "" : `; its last line is ${quoted(last)}`;
    return new UserError(
      "server_gone",
      `The command ${this.#name} ended ${how(exit)} before it served${said}. Look at its output, correct it, then restart it`,
    );
  }

  #late(announced: URL | undefined): UserError {
    const seconds = startTimeoutMs / 1000;
    const what =
      announced === undefined
        ? `printed no line with "Local:" and a port within ${seconds} s. Let it print where it listens, or let Vitrine serve the project: remove ui.runner from its configuration`
        : `announced ${announced.href}, which did not answer within ${seconds} s. Look at its output, then restart it`;
    return new UserError("start_timeout", `The command ${this.#name} ${what}`);
  }
}

function how({ code, signal }: CommandExit): string {
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}
