/** Builds of a plugin: shared packages are left out, beside what the project leaves out itself. */
import { pathToFileURL } from "node:url";
import path from "node:path";
import type { InlineConfig } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { vitrineShared } from "../../src/server/vite-host/composite/shared-plugin.ts";
import type { Vite } from "../../src/server/vite-host/main.ts";
import { installedPackage } from "../support/packages.ts";
import { removeTree, writeTree } from "../support/server.ts";

type External = NonNullable<NonNullable<InlineConfig["build"]>["rollupOptions"]>["external"];

const externals: readonly (readonly [string, External])[] = [
  ["nothing", undefined],
  ["a text", "other"],
  ["a list", ["other", /^more/]],
  ["an expression", /^other$/],
  ["a function", (id) => id === "other"],
];

async function built(vite: Vite, external: External): Promise<string> {
  const root = await writeTree({
    "entry.js":
      'import { useState } from "react";\nimport { x } from "other";\nexport const panel = [useState, x];\n',
    "node_modules/other/package.json": '{ "name": "other", "main": "x.js", "type": "module" }',
    "node_modules/other/x.js": 'export const x = "bundled";\n',
  });
  onTestFinished(() => removeTree(root));
  const result = await vite.build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [vitrineShared({ vite, packages: ["react"] })],
    build: {
      write: false,
      lib: { entry: "entry.js", formats: ["es"] },
      rollupOptions: external === undefined ? {} : { external },
    },
  });
  const [bundle] = [result].flat() as { output: { code: string }[] }[];
  return bundle?.output.map(({ code }) => code).join("\n") ?? "";
}

test.each(["8", "7.3.8"])("a build with Vite %s leaves out both", async (version) => {
  const file =
    version === "8"
      ? import.meta.resolve("vite")
      : pathToFileURL(path.join(await installedPackage("vite", version), "vite/dist/node/index.js"))
          .href;
  const vite = (await import(file)) as Vite;
  for (const [name, external] of externals) {
    const code = await built(vite, external);
    expect(code, name).toMatch(/from ?"react"/);
    expect(code.includes("bundled"), name).toBe(external === undefined);
  }
});
