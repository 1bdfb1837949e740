/** A workspace with a different canary in every place that must not be read. */
import path from "node:path";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, onTestFinished } from "vitest";
import { createPathGate, type PathGate } from "../../../src/server/files/path-gate.ts";
import { type PathRules } from "../../../src/server/files/path-rules.ts";

export interface Tree {
  readonly folder: string;
  readonly root: string;
  readonly gate: PathGate;
}

export async function tree(rules?: PathRules): Promise<Tree> {
  const folder = await mkdtemp(path.join(tmpdir(), "vitrine-paths-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files: Record<string, string> = {
    "secret.txt": "canary parent",
    "proj-private/x": "canary sibling",
    "home/.ssh/id_rsa": "canary home",
    "other/x.js": "canary other session",
    "shared/lib.js": "shared",
    "proj/a.js": "a",
    "proj/a#b.js": "hash",
    "proj/100%.js": "percent",
    "proj/日本.md": "japan",
    "proj/sub/b.js": "b",
    "proj/.env": "canary env",
    "proj/a.pem": "canary key",
    "proj/.git/config": "canary git",
    "proj/sub/.npmrc": "canary npmrc",
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  const links: Record<string, string> = {
    "to-file": "../secret.txt",
    "to-folder": "../proj-private",
    "to-link": "to-file",
    dangling: "../nothing",
    loop: "loop",
    "to-env": ".env",
    inside: "sub/b.js",
    "inside-folder": "sub",
    "to-shared": "../shared",
    "public/out.js": "../../other/x.js",
    "node_modules/pkg": "../../home",
  };
  for (const [name, target] of Object.entries(links)) {
    await mkdir(path.dirname(path.join(folder, "proj", name)), { recursive: true });
    await symlink(target, path.join(folder, "proj", name));
  }
  const root = path.join(folder, "proj");
  const gate = createPathGate({
    roots: [root, path.join(folder, "shared")],
    ...(rules === undefined ? {} : { rules }),
  });
  return { folder, root, gate };
}

export async function contentOf(
  gate: PathGate,
  name: string,
  kind: "url" | "json" = "json",
): Promise<string> {
  try {
    const file = await gate.open(name, kind);
    const content = await file.handle.readFile("utf8");
    await file.handle.close();
    expect(file.size).toBe(Buffer.byteLength(content));
    return content;
  } catch (error) {
    return (error as { code: string }).code;
  }
}
