/** One plugin in a host page: what of it is shown, and what is to be said about that (rules of dev-servers section 10). */
import { isServing, type PluginFacts } from "../../protocol/plugins.ts";
import { importBuilt } from "./import-built.ts";
import { importDev, Unanswered } from "./import-dev.ts";

/** Ms after which a server that did not answer is asked again, while there is nothing else to show. */
const askAgainMs = 2000;

/** What a host page renders by. Another object whenever something changed. */
export interface PluginView {
  readonly id: string;
  readonly name: string;
  readonly state: "loading" | "dev" | "built" | "failed";
  /** Exports of its entry. */
  readonly module?: object;
  /** What was rendered under another key is to be removed and rendered anew. */
  readonly key: number;
  /** Its dev server was lost: what is shown is as it was then. */
  readonly isStale: boolean;
  /** One sentence or more, empty when nothing is to be said. */
  readonly message: string;
  /** What a button beside the message does, in words; empty when nothing can be done. */
  readonly action: string;
}

export interface PluginParts {
  readonly id: string;
  /** Address of the host page's base. */
  readonly base: URL;
  /** Resolves when the page has provided its packages. */
  readonly ready: Promise<void>;
  /** Has its dev server started, anew if it runs. */
  restart(): void;
}

export class Plugin {
  readonly #parts: PluginParts;
  readonly #listeners = new Set<() => void>();
  #facts: PluginFacts | undefined;
  #view: PluginView;
  #isWanted = false;
  #isLoading = false;
  /** It is to be loaded, or once more. */
  #isDue = false;
  #devImports = 0;
  /** The user wants the dev version in the place of the built one. */
  #isSwitching = false;

  constructor(parts: PluginParts) {
    this.#parts = parts;
    const { id } = parts;
    this.#view = {
      id,
      name: id,
      state: "loading",
      key: 0,
      isStale: false,
      message: "",
      action: "",
    };
  }

  /** Begins to load it when it was never asked for. */
  view(): PluginView {
    if (!this.#isWanted) {
      this.#isWanted = true;
      if (this.#facts !== undefined) this.#load();
    }
    return this.#view;
  }

  /** @returns ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param facts what the server says of it now */
  receive(facts: PluginFacts): void {
    const before = this.#facts;
    this.#facts = facts;
    if (!this.#isWanted) return;
    if (before === undefined) return this.#load();
    if (facts.generation > before.generation) return this.#backendReplaced();
    const { state, module } = this.#view;
    if (state === "dev" && !isServing(facts)) return this.#lost();
    const mayHeal = module === undefined || this.#isSwitching;
    if (mayHeal) return this.#load();
    if (state === "built") this.#showBuilt(module);
  }

  /** Whether a reload of the page is meant for this plugin; then it is loaded anew in its stead. */
  reloads(stack: string): boolean {
    const address = this.#facts?.address ?? "";
    if (address === "" || !stack.includes(`${address}@vite/client`)) return false;
    // One that was lost is kept as it is until the page navigates: its modules know the server that is gone.
    if (!this.#view.isStale) this.#load();
    return true;
  }

  /** What the button says. */
  act(): void {
    if (this.#view.isStale) return location.reload();
    this.#isSwitching = true;
    if (this.#view.state === "built" && this.#facts && isServing(this.#facts)) this.#load();
    else this.#parts.restart();
  }

  #load(): void {
    this.#isDue = true;
    if (!this.#isLoading) void this.#loadAll();
  }

  async #loadAll(): Promise<void> {
    this.#isLoading = true;
    await this.#parts.ready;
    while (this.#isDue && this.#facts !== undefined) {
      this.#isDue = false;
      await this.#loadOnce(this.#facts);
    }
    this.#isLoading = false;
  }

  async #loadOnce(facts: PluginFacts): Promise<void> {
    // A server that is just coming is worth the wait.
    if (facts.status === "starting") return this.#set({ message: "", action: "" });
    try {
      const module = await this.#importDev(facts);
      this.#isSwitching = false;
      this.#set({ state: "dev", module, key: this.#view.key + 1, message: "", action: "" });
    } catch (error) {
      await this.#withoutDev(facts, error instanceof Error ? error.message : String(error));
      const isEmpty = this.#view.module === undefined;
      if (error instanceof Unanswered && isEmpty) setTimeout(() => this.#load(), askAgainMs);
    }
  }

  async #importDev(facts: PluginFacts): Promise<object> {
    const { address, entry, fault, name } = facts;
    if (!isServing(facts)) throw new Error(fault || `The dev server of ${name} does not run`);
    if (entry === "") throw new Error(`${name} has no dev entry; set ui.entry in vitrine.json`);
    const again = this.#devImports++ > 0;
    return importDev({ address, entry, again, lost: () => this.#lost() });
  }

  async #withoutDev({ built, name }: PluginFacts, reason: string): Promise<void> {
    const { state, module } = this.#view;
    // What is there stays, also when its next version is broken: the overlay of Vite says why.
    if (state === "dev") return;
    if (module !== undefined) return this.#showBuilt(module, reason);
    if (built === undefined) return this.#fail(reason);
    try {
      this.#showBuilt(await importBuilt(built, this.#parts.base, 0), reason);
    } catch (error) {
      this.#fail(
        `${reason}. The built version of ${name} cannot be loaded either: ${String(error)}`,
      );
    }
  }

  #showBuilt(module: object | undefined, reason = this.#facts?.fault ?? ""): void {
    const { name } = this.#facts ?? this.#view;
    const isThere = this.#facts !== undefined && isServing(this.#facts);
    const why = reason === "" ? "" : `. ${reason}`;
    this.#set({
      state: "built",
      ...(module === undefined ? {} : { module }),
      message: `${name}: built version${why}`,
      action: isThere ? "Show dev version" : "Start dev server",
    });
  }

  #fail(reason: string): void {
    const { problems = [], name = "" } = this.#facts ?? {};
    const places = problems.map(
      ({ file, line, column, message }) => `\n${file}:${line}:${column} ${message}`,
    );
    const message = `${name} cannot be shown. ${reason}${places.join("")}`;
    this.#set({ state: "failed", message, action: "Restart" });
  }

  /** The module is kept where hot updates keep it fresh. */
  #backendReplaced(): void {
    const { built, generation = 0 } = this.#facts ?? {};
    if (this.#view.state !== "built" || built === undefined)
      return this.#view.module === undefined ? this.#load() : this.#remount({});
    void importBuilt(built, this.#parts.base, generation).then(
      (module) => this.#remount({ module }),
      (error: unknown) => this.#showBuilt(undefined, String(error)),
    );
  }

  #remount(change: Partial<PluginView>): void {
    this.#set({ ...change, key: this.#view.key + 1 });
  }

  #lost(): void {
    if (this.#view.state !== "dev" || this.#view.isStale) return;
    const { name } = this.#facts ?? this.#view;
    const message = `${name} is stale: its dev server was lost, and is asked again when the page is loaded the next time`;
    this.#set({ isStale: true, message, action: "Reload page" });
  }

  #set(change: Partial<PluginView>): void {
    this.#view = { ...this.#view, name: this.#facts?.name ?? this.#view.name, ...change };
    for (const listener of this.#listeners) listener();
  }
}
