import type { DevServerLine } from "../../../protocol/dev-server.ts";

/** Level of a printed line by its words: to stderr goes everything that is not the result (dev-servers section 9). */
export function lineLevel(text: string): DevServerLine["level"] {
  // The beginning tells; the rest is data, such as names of files.
  const head = text.slice(0, 200);
  if (/\b(?:no|0|without) (?:errors?|warnings?)\b/i.test(head)) return "info";
  if (/(?:^|[\s[(:="])(?:fatal|panic|error)(?=$|[\s:\])[!"])/i.test(head)) return "error";
  if (/(?:^|[\s[(:="])warn(?:ing)?(?=$|[\s:\])[!"])/i.test(head)) return "warn";
  if (/(?:^|[\s[(="])(?:debug|trace)(?=$|[\s:\])"])/i.test(head)) return "debug";
  return "info";
}
