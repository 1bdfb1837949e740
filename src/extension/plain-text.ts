/** Pure: text from outside without what a terminal or an editor would act on (W-07). */

// Spelled by code points, so that this file itself holds no control character.
const escape = String.fromCharCode(0x1b);
const bell = String.fromCharCode(0x07);
const csi = String.fromCharCode(0x9b);

// Operating system commands (OSC 8 links, OSC 52 clipboard), then colours and cursor movement, then other escapes.
const escapeSequences = new RegExp(
  [
    `${escape}\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\)?`,
    `(?:${escape}\\[|${csi})[0-?]*[ -/]*[@-~]`,
    `${escape}[ -~]?`,
  ].join("|"),
  "gu",
);

/** Keeps tabs and line feeds; drops escape sequences, other control characters and bidirectional overrides. */
export function plainText(text: string): string {
  return [...text.replace(/\r\n?/g, "\n").replace(escapeSequences, "")]
    .filter((character) => !isControl(character))
    .join("");
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x09 || code === 0x0a) return false;
  const isC0OrC1 = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  return isC0OrC1 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
