/** Texts that are shortened to a limit of characters. */
import type { RealmValue } from "../protocol/realm.ts";

/** Cuts a text and says how much is missing. */
export function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return `${text.slice(0, characters)}… ${text.length - characters} more characters`;
}

/** A string as JSON text of at most so many characters, with the count of those that are missing. */
export function cutString(value: string, characters: number): RealmValue {
  let kept = value.slice(0, characters);
  let text = JSON.stringify(kept);
  // Escapes make the JSON longer than the string, so the string is shortened until its JSON fits.
  while (text.length > characters && kept.length > 0) {
    kept = kept.slice(
      0,
      Math.min(kept.length - 1, Math.floor((kept.length * characters) / text.length)),
    );
    text = JSON.stringify(kept);
  }
  return { kind: "json", text, missing: value.length - kept.length };
}
