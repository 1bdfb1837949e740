/**
 * One editor window on one workspace, and the words in which UI tests speak of it. Selectors hold for the pinned
 * code-server; they live here and nowhere else.
 */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Browser, Frame, FrameLocator, Locator, Page } from "playwright-core";
import { project } from "../../scripts/bootstrap.mjs";
import { launchBrowser } from "./browser.ts";
import { eventually } from "../support/eventually.ts";
import { markedProcesses, processesLeft } from "../support/processes.ts";
import { installExtension, startCodeServer, type CodeServer } from "./code-server.ts";
import { createProfile, writeSettings, type Profile, type ProfileOptions } from "./profile.ts";
import { vsix } from "./vsix.ts";

export interface WorkbenchOptions extends ProfileOptions {
  /** Path inside the workspace of a file to open at once. */
  readonly openFile?: string;
  readonly untrusted?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface WindowProcesses {
  readonly extensionHost: readonly number[];
  readonly server: readonly number[];
  readonly viteHosts: readonly number[];
  readonly nodeRealms: readonly number[];
}

/** VS Code's own frame around a webview; its name changes while the webview loads, its address does not. */
function isWebview(frame: Frame | null | undefined): boolean {
  return frame?.url().includes("/webview/browser/pre/index.html") ?? false;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Waits of a UI test, in ms: the first one pays for the start of the extension host. */
const patience = 45_000;

export class Workbench {
  readonly page: Page;
  readonly profile: Profile;
  readonly #server: CodeServer;
  readonly #browser: Browser;

  private constructor(parts: {
    page: Page;
    profile: Profile;
    server: CodeServer;
    browser: Browser;
  }) {
    this.page = parts.page;
    this.profile = parts.profile;
    this.#server = parts.server;
    this.#browser = parts.browser;
  }

  /** Opens a window on a copy of `copy`, or on `workspace` itself, with the packaged extension installed. */
  static async open(options: WorkbenchOptions = {}): Promise<Workbench> {
    const profile = await createProfile(options);
    await installExtension(profile, vsix);
    const server = await startCodeServer(profile, {
      untrusted: options.untrusted ?? false,
      env: options.env ?? {},
    });
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(patience);
    const workbench = new Workbench({ page, profile, server, browser });
    const file = options.openFile && server.uri(path.join(profile.workspace, options.openFile));
    await page.goto(server.url(file ? [["openFile", file]] : []));
    await workbench.#ready();
    if (options.openFile)
      await page.locator(".tab.active", { hasText: path.basename(options.openFile) }).waitFor();
    return workbench;
  }

  /** Ends window, browser, editor and all that runs in them, and removes the profile. */
  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.stop();
    // One that took the place of a killed one does not notice the end of its editor.
    for (const pid of this.processes().extensionHost) endNow(pid);
    // The server notices the end of its editor; its files are its own until it has ended as well.
    await processesLeft(this.profile.mark, 6_000);
    await this.profile.remove();
  }

  /** Absolute path of a file in the workspace. */
  file(name: string): string {
    return path.join(this.profile.workspace, name);
  }

  /** Runs a command by its title in the palette, `Vitrine: Open Preview`. */
  async runCommand(title: string): Promise<void> {
    const label = JSON.stringify(title);
    const begun = JSON.stringify(`${title},`);
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    await this.#pick(
      `>${title}`,
      rows.and(this.page.locator(`[aria-label=${label}], [aria-label^=${begun}]`)),
    );
  }

  /** Opens a file of the workspace by its name, optionally at a 1-based line. */
  async openFile(name: string, line?: number): Promise<void> {
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    const row = name.split("/").reduce((some, part) => some.filter({ hasText: part }), rows);
    await this.#pick(line === undefined ? name : `${name}:${line}`, row);
    await this.page.locator(".tab.active", { hasText: path.basename(name) }).waitFor();
  }

  /** Lenses of the active editor that show `text`. */
  lens(text: string): Locator {
    return this.page.locator(".codelens-decoration a, .codelens-decoration span", {
      hasText: text,
    });
  }

  /** Text of the active editor as far as it is on the screen. */
  editor(): Locator {
    return this.page.locator(".editor-instance .view-lines").first();
  }

  toast(text: string): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item-message", {
      hasText: text,
    });
  }

  /** Presses a button of a toast. */
  async answer(button: string): Promise<void> {
    await this.page.locator(".notifications-toasts .monaco-button", { hasText: button }).click();
  }

  /** Vitrine's own document in the panel on the screen: toolbar, states, messages. */
  panel(): FrameLocator {
    return this.page
      .frameLocator("iframe.webview.ready:visible")
      .frameLocator("iframe#active-frame");
  }

  /** The previewed page that shows `text`, in whichever panel: a frame that lives through the page's own reloads. */
  async preview(text: string | RegExp): Promise<Frame> {
    return eventually(`a preview that shows ${text}`, async () => {
      for (const frame of this.previews()) {
        // A frame can go away while it is asked.
        if (
          (await frame
            .locator("body", { hasText: text })
            .count()
            .catch(() => 0)) > 0
        )
          return frame;
      }
      return undefined;
    });
  }

  /** Every previewed page of the window, those of hidden panels included. */
  previews(): readonly Frame[] {
    return this.page.frames().filter((frame) => isWebview(frame.parentFrame()?.parentFrame()));
  }

  /** Shows the Problems view; its rows that hold `text`. */
  async problems(text: string): Promise<Locator> {
    await this.runCommand("Problems: Focus on Problems View");
    return this.page.locator(".markers-panel .monaco-list-row", { hasText: text });
  }

  /** Shows an Output channel, `Vitrine: shop`; its newest lines, those that are on the screen. */
  async output(channel: string): Promise<Locator> {
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    const command = "Output: Show Output Channels...";
    await this.#take(`>${command}`, rows.filter({ hasText: command }));
    await this.page.locator('.quick-input-widget input[type="text"]').fill(channel);
    await rows.and(this.page.locator(`[aria-label=${JSON.stringify(channel)}]`)).click();
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    return this.page.locator(".output-view .view-line");
  }

  /** Shows Vitrine's view; its rows that hold `text`. */
  async tree(text: string): Promise<Locator> {
    const isShown = await this.page
      .locator(".sidebar .title-label", { hasText: "Vitrine" })
      .isVisible();
    // A second click on the icon would hide the view.
    if (!isShown) await this.page.locator('.activitybar a[aria-label^="Vitrine"]').click();
    return this.page.locator(".sidebar .monaco-list-row", { hasText: text });
  }

  /** Shows the Test Explorer; its rows that hold `text`. */
  async tests(text: string): Promise<Locator> {
    await this.runCommand("Testing: Focus on Test Explorer View");
    return this.page.locator(".test-explorer [role=treeitem]", { hasText: text });
  }

  /** What the Test Explorer says of its last run: `3/4`, passed and all without the skipped ones. */
  testSummary(text: string): Locator {
    return this.page.locator(".test-explorer .result-summary", { hasText: text });
  }

  /** Narrows the Test Explorer, `@failed`; an empty text shows all again. */
  async filterTests(text: string): Promise<void> {
    await this.page.locator(".testing-filter-action-item .monaco-editor").click();
    await this.page.keyboard.press("Control+a");
    await (text === "" ? this.page.keyboard.press("Delete") : this.page.keyboard.insertText(text));
    // It offers what it knows, over the rows.
    await this.page.keyboard.press("Escape");
  }

  /** Runs a row of the Test Explorer by one of its profiles, `Run in Worker`. */
  async runTest(row: Locator, profile: string): Promise<void> {
    const { page } = this;
    await row.first().click({ button: "right" });
    // A menu does not hear a click that comes as soon as it is open, but it does hear keys.
    await page.locator(".monaco-menu .action-label", { hasText: "Execute Using" }).hover();
    await page.keyboard.press("Enter");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: profile }).first().click();
  }

  /** Where messages of failed tests stand in the active editor: 1-based lines. */
  async failureLines(): Promise<number[]> {
    await this.page.locator(".test-error-content-widget").first().waitFor();
    return this.page.evaluate(() => {
      const middles = [...document.querySelectorAll(".test-error-content-widget")].map((widget) => {
        const { top, height } = widget.getBoundingClientRect();
        return top + height / 2;
      });
      return [...document.querySelectorAll(".margin-view-overlays .line-numbers")]
        .filter((line) => {
          const { top, bottom } = line.getBoundingClientRect();
          return middles.some((middle) => top < middle && middle < bottom);
        })
        .map((line) => Number(line.textContent));
    });
  }

  statusBar(text: string): Locator {
    return this.page.locator(".statusbar-item", { hasText: text });
  }

  /** Vitrine's item of the status bar, where it speaks of `text`: `Vitrine: 3 dev servers`. */
  vitrineStatus(text: string): Locator {
    return this.page.locator(
      `.statusbar-item[id^="vitrine."][aria-label*=${JSON.stringify(text)}]`,
    );
  }

  /** Rows of the quick pick on the screen that hold `text`. */
  choices(text = ""): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row", { hasText: text });
  }

  /** Narrows the rows of the open quick pick. */
  async filterChoices(text: string): Promise<void> {
    await this.page.locator('.quick-input-widget input[type="text"]').fill(text);
  }

  async changeSettings(settings: Readonly<Record<string, unknown>>): Promise<void> {
    await writeSettings(this.profile, settings);
  }

  /** *Reload Window*; a reload by the browser would end the window before it has saved what to restore. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load");
    await this.runCommand("Developer: Reload Window");
    await loaded;
    await this.#ready();
  }

  async closeAllEditors(): Promise<void> {
    await this.runCommand("View: Close All Editors");
  }

  /** Process ids of what runs for this window. */
  processes(): WindowProcesses {
    const all = markedProcesses(this.profile.mark);
    const pids = (part: string): number[] =>
      all.filter(({ command }) => command.includes(part)).map(({ pid }) => pid);
    return {
      extensionHost: pids("--type=extensionHost"),
      server: pids("dist/server/main.js"),
      viteHosts: pids("dist/server/vite-host.js"),
      nodeRealms: pids("dist/realm/node.js"),
    };
  }

  /** Saves what the window shows as `<folder>/<name>.png`. */
  async screenshot(name: string, folder = path.join(project, "test-results")): Promise<string> {
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  async #ready(): Promise<void> {
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
    await this.page.locator(".part.sidebar .monaco-list-rows").first().waitFor();
  }

  /** Takes a row of the palette, after which that is gone. */
  async #pick(text: string, row: Locator): Promise<void> {
    await this.#take(text, row);
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Types into the palette and takes the row; begins again when something else took the focus and so closed it. */
  async #take(text: string, row: Locator): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type="text"]');
    const attempt = async (): Promise<boolean> => {
      // Keys pressed inside a previewed page are the page's own.
      await this.page.evaluate(
        () => document.activeElement instanceof HTMLIFrameElement && document.activeElement.blur(),
      );
      await this.page.keyboard.press(text.startsWith(">") ? "F1" : "Control+p");
      try {
        await input.fill(text, { timeout: 2_000 });
        await row.first().click({ timeout: 2_000 });
        return true;
      } catch {
        // Closed by a focus change, or the extension's commands are not known yet.
        await this.page.keyboard.press("Escape");
        return false;
      }
    };
    await eventually(`"${text}" in the palette`, attempt, patience);
  }
}
