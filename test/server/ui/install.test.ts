/** Packages that are missing: installed where the configuration says so, else told (dev-servers 4.1.1). */
import { existsSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { removeTree, startServer, writeTree } from "../../support/server.ts";
import vite from "../../../node_modules/vite/package.json" with { type: "json" };

let root = "";
afterEach(() => removeTree(root));

function files(install: string, version: string): Record<string, string> {
  const ui = { root: ".", install };
  return {
    "vitrine.json": JSON.stringify({ devServers: { projects: [{ id: "shop", root: ".", ui }] } }),
    "package.json": JSON.stringify({ name: "shop", devDependencies: { vite: version } }),
    "index.html": "<!doctype html><title>shop</title>",
  };
}

test("with install auto a project without packages gets them from the registry, and is served by its own Vite", async () => {
  root = await writeTree(files("auto", vite.version));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const session = await server.sessionIs("shop", "live", 55_000);
  expect(session.viteVersion).toBe(vite.version);
  expect(session.notices).toEqual([]);
  expect(existsSync(path.join(root, "node_modules/vite"))).toBe(true);
  expect(server.logs.some(({ source }) => source === "install")).toBe(true);
});

test("an installation that fails says how, and where to look", async () => {
  root = await writeTree(files("auto", "not a version"));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const { state } = await server.sessionIs("shop", "error", 55_000);
  expect(state).toMatchObject({
    fault: {
      code: "not_installed",
      message:
        "Installing the packages of shop with npm install ended with exit code 1. Look at the log, correct it, then restart it",
    },
  });
});

test("otherwise nothing is installed, and the command is told", async () => {
  root = await writeTree(files("ask", vite.version));
  await using server = await startServer({ folders: [root] });
  await server.methods.openSession(root);
  const { state } = await server.sessionIs("shop", "error");
  expect(state).toMatchObject({
    fault: {
      message: expect.stringMatching(/vite is missing\. Run npm install in .* then restart/),
    },
  });
  expect(existsSync(path.join(root, "node_modules"))).toBe(false);
});
