/** `vitrine repl`, also called `daebug`: the REPL server of one folder (REPL specification 16). */
import manifest from "../../../package.json" with { type: "json" };
import { existingFolder } from "./folders.ts";
import { printError, printJson, printLine, untilSignal } from "./output.ts";
import { logJson } from "./repl-lines.ts";
import { runTests, type TestOptions } from "./repl-tests.ts";
import { startRepl, type RunningRepl, type StartOptions } from "./start-repl.ts";

export type ReplOptions = StartOptions & TestOptions & { readonly root?: string };

export async function repl(options: ReplOptions): Promise<number> {
  const root = existingFolder(options.root ?? ".");
  if (options.test !== undefined) return runTests(root, options, () => startRepl(root, options));
  const signal = untilSignal();
  const running = await startRepl(root, options);
  announce(running, options);
  const isLogged = options.log === "json";
  if (isLogged) logJson({ ev: "server.start" });
  const crashed = untilCrash();
  const stopped = running.stopped.then(() => "stopped" as const);
  const end = await Promise.race([signal, stopped, crashed]);
  if (end === "stopped" && options.json !== true)
    printLine(
      "Stopped by the marker in daebug.md, as a newer server of this folder writes it, too",
    );
  await running.close();
  if (isLogged) logJson({ ev: "server.stop" });
  return end === "crashed" ? 1 : 0;
}

function announce({ server, root, url }: RunningRepl, { json }: ReplOptions): void {
  const { token } = server.welcome;
  if (json === true) return printJson({ event: "ready", url, token, root });
  printLine(`vitrine repl v${manifest.version}`);
  printLine(`  folder    ${root}`);
  printLine(`  pages     ${url}`);
  printLine(`  registry  ${root}/daebug.md`);
  printLine("Open a page in a browser, and its log appears in daebug/. Ctrl-C ends the server.");
}

function untilCrash(): Promise<"crashed"> {
  return new Promise((resolve) => {
    process.once("uncaughtException", (error) => {
      printError(error.stack ?? error.message);
      resolve("crashed");
    });
  });
}
