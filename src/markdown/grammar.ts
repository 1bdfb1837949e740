/**
 * The grammar of logs for everybody: command line, extension and ports of it (REPL specification 4.5). Names and shapes
 * are those of the existing modules. No input, no output; only the clock's time zone is asked.
 */
export { findFooter } from "./log/anchor.ts";
export { formatBackgroundEvent, formatResultBlocks } from "./log/events.ts";
export {
  clockFmt,
  durationFmt,
  ensureFileHeader,
  formatAgentHeader,
  formatCodeBlock,
  formatFileHeader,
  formatFooter,
  formatReplyHeader,
  formatSessionGuide,
} from "./log/format.ts";
export { derivePort, hashString, sanitizeName } from "./log/names.ts";
export { parseRequest, parseRequests } from "./log/requests.ts";
export { formatTestProgress } from "./log/tests.ts";
export { patternToRegex } from "./patterns.ts";
