/** Types of bootstrap.mjs for the TypeScript that uses it. */
export const project: string;
export const codeServerEntry: string;
export const node24: string;
export function ensureDependencies(): void;
export function ensureCodeServer(): void;
export function ensureChromium(): string | undefined;
export function findChromium(): string | undefined;
export function findProgram(name: string): string | undefined;
export function continueInNode24(script: string, args?: readonly string[]): void;
