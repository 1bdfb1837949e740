/** TypeScript of a log as JavaScript for realms that evaluate text (decision 32). */
import { transform } from "esbuild";
import type { LogJob } from "./log-job.ts";

/** @throws with esbuild's message when it is no TypeScript */
export async function plainCode({ code, language }: LogJob): Promise<string> {
  if (language === "js") return code;
  // `await` and `return` at the top belong to the function that the realm puts around the code.
  const wrapped = `async () => {\n${code}\n}`;
  const { code: output } = await transform(wrapped, {
    loader: "ts",
    target: "esnext",
    legalComments: "none",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const from = output.indexOf("{") + 1;
  return output.slice(from, output.lastIndexOf("}")).replace(/^\n/, "").trimEnd();
}
