/** Whether the package that a page provides is near enough to the one that its plugin was written for. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Problem, Project } from "../../protocol/model.ts";

/** One warning for each package of which the two have another major version. */
export async function versionProblems(
  host: Project,
  plugin: Project,
  packages: readonly string[],
): Promise<readonly Problem[]> {
  const found = await Promise.all(
    packages.map(async (name) => {
      const [theirs, own] = await Promise.all([
        installedVersion(host.root, name),
        installedVersion(plugin.root, name),
      ]);
      if (theirs === undefined || own === undefined || majorOf(theirs) === majorOf(own)) return [];
      return [mismatch({ name, theirs, own, host, plugin })];
    }),
  );
  return found.flat();
}

interface Mismatch {
  readonly name: string;
  readonly theirs: string;
  readonly own: string;
  readonly host: Project;
  readonly plugin: Project;
}

function mismatch({ name, theirs, own, host, plugin }: Mismatch): Problem {
  return {
    file: path.join(plugin.root, "package.json"),
    line: 1,
    column: 1,
    severity: "warning",
    message: `${plugin.name} has ${name} ${own}, and the page of ${host.name} that shows it provides ${theirs}: it runs with that one. Install the same major version in both`,
    source: "vitrine",
  };
}

function majorOf(version: string): string {
  return /^\d+/.exec(version)?.[0] ?? version;
}

/** As Node looks for it, upwards from `root`; of `react-dom/client` that of `react-dom`. */
async function installedVersion(root: string, specifier: string): Promise<string | undefined> {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  for (let directory = root; ; directory = path.dirname(directory)) {
    const file = path.join(directory, "node_modules", name, "package.json");
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text !== undefined) return versionIn(text);
    if (directory === path.dirname(directory)) return undefined;
  }
}

function versionIn(text: string): string | undefined {
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    // Not ours to complain about: whoever installs packages will.
    return undefined;
  }
}
