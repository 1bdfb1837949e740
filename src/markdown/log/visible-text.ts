/** Text of programs with every character visible (E-05): in a log nothing is hidden, nothing steers a terminal. */

// Controls but tab and LF, lone surrogates, line and paragraph separators, bidirectional controls, byte order marks.
const HIDDEN =
  /(?![\t\n])\p{Cc}|\p{Cs}|\p{Zl}|\p{Zp}|[\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}]/gu;

/** Text without control characters, ANSI sequences shown as `␛[31m`; nothing is cut. */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, picture);
}

/** Unicode has pictures for the first controls; the others are written as JSON and JavaScript escape them. */
function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `\\u${code.toString(16).padStart(4, "0")}`;
}
