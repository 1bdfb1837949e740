const maximumShown = 80;

/** A value from outside, for a message or a log line: cut, in quotes, without raw control or invisible characters (W-07). */
export function quoted(value: string): string {
  const shown = value.length > maximumShown ? `${value.slice(0, maximumShown)}…` : value;
  const escaped = shown.replace(
    /[\p{C}\p{Zl}\p{Zp}"\\]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
  return `"${escaped}"`;
}
