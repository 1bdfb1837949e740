/** The half of the extension that is loaded at first use: the server and everything that shows what it does. */
import * as vscode from "vscode";
import type { ServerMethods } from "../protocol/contract.ts";
import type { Session } from "../protocol/model.ts";
import type { FromPanel } from "../protocol/panel.ts";
import type { CommandHandler, CommandId } from "./command-ids.ts";
import { onDidChangeConfig, onDidChangeExtensions, readConfig, type HostConfig } from "./config.ts";
import { createDecorations } from "./decorations.ts";
import { createDevServerCommands } from "./dev-servers/commands.ts";
import { createMemory } from "./dev-servers/memory.ts";
import { createNotifications } from "./dev-servers/notifications.ts";
import { Documents } from "./documents.ts";
import { FolderLinks } from "./folder-links.ts";
import { createReplCommands, resumeRepls, type ReplCommandsOptions } from "./logs/repl-commands.ts";
import { managedIds, openRoots } from "./mirror-facts.ts";
import type { Mirror } from "./mirror.ts";
import { externalAddress, openPlace } from "./openers.ts";
import { Output } from "./output.ts";
import { plainText } from "./plain-text.ts";
import { Panels } from "./panels.ts";
import { createProblems } from "./problems.ts";
import type { Report } from "./report.ts";
import { createRunCommands } from "./run-commands.ts";
import { Runs } from "./runs.ts";
import { connectToNewServer, type ServerConnection } from "./server-connection.ts";
import { serverEvents } from "./server-events.ts";
import { helloOf, workspaceFolders } from "./server-hello.ts";
import { ServerProcess, type ServerState } from "./server-process.ts";
import { createSessionCommands } from "./session-commands.ts";
import { createState } from "./state.ts";
import { createStatusBar } from "./status-bar.ts";
import { tellServerState } from "./tell-server-state.ts";
import { openFreshPage } from "./tests/fresh-page.ts";
import { createTestExplorer } from "./tests/test-explorer.ts";
import { requireTrust } from "./trust.ts";

export interface ApplicationOptions {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly mirror: Mirror;
  readonly report: Report;
}

export interface Application {
  readonly handlers: Readonly<Record<CommandId, CommandHandler>>;
  /** Looks for projects, starting the server if need be. Does nothing in Restricted Mode. */
  findProjects(): Promise<void>;
  restorePanel(view: vscode.WebviewPanel, state: unknown): Promise<void>;
  /** Starts the REPLs again that were on when the window was closed. Does nothing in Restricted Mode. */
  resumeRepls(): Promise<void>;
  /** Ends the server in order, within 4 s. */
  stop(): Promise<void>;
}

/** Builds and connects everything; starts nothing. */
export function createApplication(options: ApplicationOptions): Application {
  return new Vitrine(options);
}

class Vitrine implements Application {
  readonly handlers: Application["handlers"];
  readonly #options: ApplicationOptions;
  readonly #output: Output;
  readonly #documents: Documents;
  readonly #server: ServerProcess;
  readonly #panels: Panels;
  readonly #memory: vscode.Disposable;
  readonly #links = new FolderLinks();
  readonly #repls: ReplCommandsOptions;
  /** Made once a server is there: until then nobody used Vitrine in this window. */
  #tests: vscode.Disposable | undefined;
  #config = readConfig();
  /** Roots to open again once a lost server is replaced. */
  #lost: readonly string[] = [];
  /** Ids of projects to start again then. */
  #lostDevServers: readonly string[] = [];

  constructor(options: ApplicationOptions) {
    const { context, log, mirror } = options;
    const state = createState(context.workspaceState);
    const runs = new Runs(mirror);
    const open = (folder: string): Promise<Session> => this.#open(folder);
    const use = (): Promise<ServerMethods> => this.#use();
    this.#options = options;
    this.#output = new Output(log, {
      session: (id) => mirror.sessions.find((session) => session.id === id),
      projectName: (id) =>
        mirror.projects?.find((project) => project.id === id)?.name ?? mirror.devServerOf(id)?.name,
      isManaged: (id) => mirror.devServerOf(id)?.mode === "managed",
    });
    this.#documents = new Documents(() => this.#server.current, this.#links);
    this.#server = new ServerProcess({
      connect: () => this.#connect(),
      changed: (next) => this.#serverChanged(next),
      restarted: () => this.#serverRestarted(),
    });
    this.#panels = new Panels({
      context,
      mirror,
      state,
      log,
      open,
      act: (message, root) => void this.#act(message, root),
    });
    const shared = { mirror, use, open, state, panels: this.#panels, output: this.#output };
    this.#repls = { mirror, state, use, links: this.#links };
    this.#memory = createMemory({
      mirror,
      state,
      start: (id) => void vscode.commands.executeCommand("vitrine.startDevServer", id),
    });
    this.handlers = {
      ...createSessionCommands({
        ...shared,
        config: () => this.#config,
        restartServer: () => this.#restart(),
      }),
      ...createRunCommands({ mirror, runs, use }),
      ...createReplCommands(this.#repls),
      ...createDevServerCommands({ mirror, use, output: this.#output }),
    };
    context.subscriptions.push(
      this.#output,
      this.#memory,
      this.#panels,
      this.#documents,
      runs,
      createStatusBar(mirror),
      createNotifications(mirror, options.report),
      createProblems(mirror, () => runs.problems()),
      createDecorations(mirror, () => this.#config.server.results),
      { dispose: () => this.#tests?.dispose() },
      ...this.#listeners(),
    );
  }

  async findProjects(): Promise<void> {
    if (!vscode.workspace.isTrusted || workspaceFolders().length === 0) return;
    this.#options.mirror.setProjects(await (await this.#use()).findProjects());
  }

  restorePanel(view: vscode.WebviewPanel, state: unknown): Promise<void> {
    return this.#panels.restore(view, state);
  }

  resumeRepls(): Promise<void> {
    return resumeRepls(this.#repls);
  }

  stop(): Promise<void> {
    this.#memory.dispose();
    return this.#server.stop();
  }

  async #use(): Promise<ServerMethods> {
    requireTrust();
    try {
      return await this.#server.use();
    } catch (error) {
      // The user asked for something and the server was given up: the one notification says so again.
      tellServerState(this.#server.state, this.#options);
      throw error;
    }
  }

  async #open(folder: string): Promise<Session> {
    const session = await (await this.#use()).openSession(folder);
    this.#options.mirror.setSession(session);
    return session;
  }

  async #restart(): Promise<void> {
    this.#rememberRunning();
    await this.#server.restart();
  }

  #connect(): Promise<ServerConnection> {
    const { context, log, mirror } = this.#options;
    log.info("server: starting");
    return connectToNewServer({
      entry: context.asAbsolutePath("dist/server/main.js"),
      hello: helloOf(context, this.#config.server),
      host: {
        externalAddress,
        placeResult: (placement) => this.#documents.placeResult(placement),
        readDirty: (file) => this.#documents.readDirty(file),
        editDirty: (edit) => this.#documents.editDirty(edit),
      },
      events: serverEvents(mirror, this.#output, this.#links),
      print: (line) => log.debug(`server: ${plainText(line)}`),
    });
  }

  #serverChanged(state: ServerState): void {
    const { context, log, mirror, report } = this.#options;
    if (state.name === "waiting") this.#rememberRunning();
    tellServerState(state, this.#options);
    mirror.setServer(state);
    if (state.name !== "ready") return;
    this.#documents.reportAll();
    const open = (folder: string): Promise<Session> => this.#open(folder);
    const pages = { extensionUri: context.extensionUri, log, mirror, open };
    this.#tests ??= createTestExplorer({
      mirror,
      report,
      links: this.#links,
      use: () => this.#use(),
      openFreshPage: (folder, token) => openFreshPage(pages, folder, token),
    });
  }

  #rememberRunning(): void {
    const { sessions, devServers } = this.#options.mirror;
    this.#lost = openRoots(sessions);
    this.#lostDevServers = managedIds(devServers);
  }

  #serverRestarted(): void {
    const [roots, ids] = [this.#lost, this.#lostDevServers];
    this.#lost = [];
    this.#lostDevServers = [];
    for (const root of roots) this.#quietly(this.#panels.reopen(root));
    this.#quietly(this.findProjects().then(() => this.#startAgain(ids)));
    this.#quietly(this.resumeRepls());
  }

  async #startAgain(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#quietly(this.#server.current?.startDevServer(id));
  }

  #listeners(): vscode.Disposable[] {
    const configure = (next: HostConfig): void => {
      this.#config = next;
      this.#quietly(this.#server.current?.configure(next.server));
    };
    return [
      onDidChangeConfig(configure),
      onDidChangeExtensions(configure),
      vscode.workspace.onDidChangeWorkspaceFolders(() =>
        this.#quietly(this.#server.current?.setFolders(workspaceFolders())),
      ),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#quietly(this.#server.current?.grantTrust());
        this.#quietly(this.#panels.trusted());
      }),
    ];
  }

  async #act(
    message: Exclude<FromPanel, { type: "ready" | "moved" }>,
    root: string,
  ): Promise<void> {
    try {
      if (message.type === "openProblem") return await openPlace(message.problem);
      await this.handlers[this.#commandOf(message.type, root)]({ root });
    } catch (error) {
      this.#options.report.error(error);
    }
  }

  /** Where a dev server runs the project, that is what a restart means. */
  #commandOf(type: keyof typeof panelCommands, root: string): CommandId {
    const { projects, devServers } = this.#options.mirror;
    const id = projects?.find((project) => project.hasUI && project.root === root)?.id;
    const isManaged = devServers.some(
      ({ pluginID, mode }) => pluginID === id && mode === "managed",
    );
    return type === "restart" && isManaged ? "vitrine.restartDevServer" : panelCommands[type];
  }

  /** For what nobody waits for: a failure is a line in the log. */
  #quietly(pending: Promise<unknown> | undefined): void {
    pending?.catch((error: unknown) => this.#options.report.error(error, { quiet: true }));
  }
}

const panelCommands = {
  openExternal: "vitrine.openInBrowser",
  openDevTools: "vitrine.openDevTools",
  showLog: "vitrine.showLog",
  restart: "vitrine.restartSession",
  start: "vitrine.openPreview",
  manageTrust: "vitrine.manageTrust",
  installDependencies: "vitrine.installDependencies",
  openFolder: "vitrine.openProjectFolder",
} as const satisfies Record<string, CommandId>;
