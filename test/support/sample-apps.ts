/** The apps of the create-vite templates as the suites use them: the template as published, plus a store of its own. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { replaceInFile } from "./edits.ts";
import { createApp, type Template } from "./templates.ts";

export interface SampleApp {
  readonly template: Template;
  /** Component with the heading `Get started`, relative to the app. */
  readonly heading: string;
  /** Whether the framework keeps the counter `Count is N` when that component is saved. */
  readonly keepsState: boolean;
  /** A line of that component before which a statement can stand. */
  readonly statement: string;
}

export const sampleApps: readonly SampleApp[] = [
  { template: "react-ts", heading: "src/App.tsx", keepsState: true, statement: "function App()" },
  {
    template: "vue-ts",
    heading: "src/components/HelloWorld.vue",
    keepsState: true,
    statement: "const count",
  },
  // The counter is a child of the component with the heading, which Svelte builds anew together with its parent.
  {
    template: "svelte-ts",
    heading: "src/App.svelte",
    keepsState: false,
    statement: "import Counter",
  },
  // Without a framework nothing accepts the update: the page loads again.
  {
    template: "vanilla-ts",
    heading: "src/main.ts",
    keepsState: false,
    statement: "document.querySelector",
  },
];

/** Writes a sample app into `folder`: it counts clicks in `src/store.ts` and shows them in `#store`. */
export async function createSampleApp(template: Template, folder: string): Promise<void> {
  await createApp(template, folder);
  await writeFile(path.join(folder, "src/store.ts"), store);
  await replaceInFile(path.join(folder, "index.html"), "</body>", '<p id="store"></p></body>');
  const main = path.join(folder, template === "react-ts" ? "src/main.tsx" : "src/main.ts");
  await replaceInFile(main, "import", 'import "./store.ts";\nimport');
  await writeFile(path.join(folder, "notes.md"), notes);
}

const store = `export const store = { clicks: 0 };

export function add(count: number): number {
  store.clicks += count;
  document.querySelector("#store")!.textContent = "clicks: " + store.clicks;
  return store.clicks;
}

document.addEventListener("click", () => add(1));
add(0);
`;

const notes = `# Notes

\`\`\`ts realm=page
import { add, store } from "./src/store.ts";

const before = store.clicks;
add(41);
({ before, after: store.clicks });
\`\`\`
`;
