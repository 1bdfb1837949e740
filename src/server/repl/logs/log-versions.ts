/** What stood in a log lately, one text after the other: somebody may have read any of it, and save over it (19.4). */
import type { Clock } from "../../clock.ts";
import { believe, type OwnVersion } from "../log-merge.ts";

/** Versions kept for stale copies, and for how long in ms (19.4): several agents at once make many. */
const keptVersions = 128;
const keptMs = 60_000;
/** Characters of all versions together: those of a 10 MB log are few. */
const keptCharacters = 48 * 1024 * 1024;
export class LogVersions {
  readonly #clock: Clock;
  #versions: readonly OwnVersion[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what an earlier process knew, or nothing, instead of everything. */
  restore(versions: readonly OwnVersion[]): void {
    this.#versions = versions;
  }

  /** A text that is not believed yet stood in the file instead of the known one. */
  saw(known: string, text: string): void {
    this.#versions = withinBudget([
      ...this.#recent(),
      { before: known, after: text, at: this.#clock.now(), isDoubtful: true },
    ]);
  }

  /** @param known what was known to stand there. @param before what was found. @param text what stands there now */
  went(known: string | undefined, before: string, text: string): void {
    const at = this.#clock.now();
    const recent = believe(this.#recent(), before);
    const isNew = known !== undefined && known !== before && recent.at(-1)?.after !== known;
    if (isNew) recent.push({ before: known, after: before, at });
    if (before !== text) recent.push({ before, after: text, at });
    this.#versions = withinBudget(recent);
  }

  /** Those of the last minute that were taken in, oldest first. */
  believed(): OwnVersion[] {
    return withoutDoubt(this.#recent());
  }

  /** All that are kept and were taken in, oldest first. */
  ofAnyAge(): OwnVersion[] {
    return withoutDoubt(this.#versions);
  }

  #recent(): OwnVersion[] {
    const oldest = this.#clock.now() - keptMs;
    return this.#versions.filter(({ at }) => at >= oldest);
  }
}

function withoutDoubt(versions: readonly OwnVersion[]): OwnVersion[] {
  return versions.filter(({ isDoubtful }) => isDoubtful !== true);
}

/** The newest versions, as many as may be kept. */
function withinBudget(versions: readonly OwnVersion[]): OwnVersion[] {
  const kept: OwnVersion[] = [];
  let characters = 0;
  for (const version of versions.slice(-keptVersions).toReversed()) {
    // What stood there before one is mostly what came after the one before.
    const isShared = kept[0]?.before === version.after;
    characters += version.before.length + (isShared ? 0 : version.after.length);
    if (kept.length > 0 && characters > keptCharacters) break;
    kept.unshift(version);
  }
  return kept;
}
