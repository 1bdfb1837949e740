/** A workspace as a team has it: apps of published templates side by side, and three back ends described in `vitrine.json`. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { project } from "../../scripts/bootstrap.mjs";
import { createApp, type Template } from "./templates.ts";

/** `api` and `orders` are compiled by `tsc -b` and answer over HTTP, `reports` is only built. */
export const backends = ["api", "orders", "reports"] as const;

/** Writes the projects into `root`; each is named after its template or back end. */
export async function createTeamWorkspace(
  root: string,
  templates: readonly Template[],
): Promise<void> {
  for (const template of templates) await createApp(template, path.join(root, template));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
}

const tsc = path.join(project, "node_modules/typescript/bin/tsc");

const compiled = (id: string): object => ({
  id,
  root: id,
  backend: {
    build: { command: ["node", tsc, "-b"] },
    problems: "$tsc",
    watch: { include: ["src/**/*.ts"] },
    debounceMs: 100,
    artifact: "out/main.js",
    install: "bin/main.js",
    run: {
      command: ["node", "${artifact}"],
      handshake: { type: "regex", pattern: String.raw`listening on (?<addr>\S+)` },
    },
  },
});

const configuration = {
  devServers: {
    projects: [
      compiled("api"),
      compiled("orders"),
      {
        id: "reports",
        root: "reports",
        backend: {
          build: { command: ["node", "build.mjs"] },
          watch: { include: ["src/**/*.txt"] },
        },
      },
    ],
  },
};

const compilerOptions = {
  target: "es2022",
  lib: ["es2022"],
  module: "nodenext",
  rootDir: "src",
  outDir: "out",
  strict: true,
  types: [],
};

const service = (id: string): Record<string, string> => ({
  [`${id}/package.json`]: JSON.stringify({ name: id, type: "module" }),
  [`${id}/tsconfig.json`]: JSON.stringify({ compilerOptions, include: ["src"] }),
  [`${id}/src/node.d.ts`]: `declare const console: { log(text: string): void };
declare module "node:http" {
  interface Server {
    listen(port: number, host: string, listening: () => void): void;
    address(): { port: number };
  }
  export function createServer(answer: (request: unknown, response: { end(text: string): void }) => void): Server;
}
`,
  [`${id}/src/main.ts`]: `import { createServer } from "node:http";

const greeting: string = "${id} one";
const server = createServer((_request, response) => response.end(greeting));
server.listen(0, "127.0.0.1", () => console.log("listening on 127.0.0.1:" + server.address().port));
`,
});

const files: Readonly<Record<string, string>> = {
  "vitrine.json": JSON.stringify(configuration, null, 2),
  ...service("api"),
  ...service("orders"),
  "reports/package.json": '{ "name": "reports" }',
  "reports/src/report.txt": "42 orders\n",
  "reports/build.mjs": `import { readFileSync, writeFileSync } from "node:fs";
writeFileSync("report.html", "<pre>" + readFileSync("src/report.txt", "utf8") + "</pre>");
console.log("wrote report.html");
`,
};
