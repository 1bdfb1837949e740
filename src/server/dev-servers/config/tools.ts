/** What is usual for a build by the program that does it: what to watch, and how its findings are read. */
import type { BackendConfig } from "../project-config.ts";

type Usual = Pick<BackendConfig, "watch" | "problems">;

const usual: Readonly<Record<string, Usual>> = {
  go: {
    watch: { include: ["**/*.go", "go.mod", "go.sum"], exclude: ["**/vendor/**"] },
    problems: "$go",
  },
  cargo: {
    watch: { include: ["**/*.rs", "**/Cargo.toml", "Cargo.lock"], exclude: ["**/target/**"] },
    problems: "cargo-json",
  },
  tsc: {
    watch: {
      include: ["**/*.{ts,tsx,mts,cts}", "**/tsconfig*.json"],
      exclude: ["**/node_modules/**"],
    },
    problems: "$tsc",
  },
  make: {
    watch: { include: ["**/*"], exclude: [] },
    problems: "$gcc",
  },
};

/** @param command of the build; for one that is not known everything is watched and nothing is parsed */
export function usualFor(command: readonly string[] = []): Usual {
  const words = command.slice(0, 4).map((word) => /([^\\/]+?)(?:\.(?:exe|cmd))?$/.exec(word)?.[1]);
  // `npx tsc -b` and `pnpm exec tsc` are tsc.
  const known = words.find((word) => word !== undefined && Object.hasOwn(usual, word)) ?? "";
  const found = usual[known] ?? { watch: { include: ["**/*"], exclude: [] }, problems: [] };
  // Only with this flag does cargo print what the parser reads.
  const isPlainCargo =
    known === "cargo" && !command.some((word) => word.startsWith("--message-format=json"));
  return isPlainCargo ? { ...found, problems: "$rustc" } : found;
}
