/** The walk through a value: its limits, and the leaves it ends in. */
import { cut } from "./cut.ts";
import type { Plain } from "./print-plain.ts";

export interface InspectLimits {
  /** Containers inside containers. */
  readonly depth: number;
  /** Elements or keys of one container. */
  readonly items: number;
  /** Containers and leaves in all. */
  readonly nodes: number;
  /** Characters of the text. */
  readonly characters: number;
}

/** What a reading of a value may still take, and the objects it is inside of. */
export interface Walk {
  readonly limits: InspectLimits;
  readonly ancestors: object[];
  nodes: number;
  characters: number;
}

/** A walk that has all of its limits left. */
export function startWalk(limits: InspectLimits): Walk {
  return { limits, ancestors: [], nodes: limits.nodes, characters: limits.characters };
}

/** Whether a container that has so many items must end here. */
export function isFull(items: number, walk: Walk): boolean {
  return items >= walk.limits.items || walk.nodes <= 0 || walk.characters <= 0;
}

/** What has no contents of its own: all but objects. */
export function leaf(value: unknown, walk: Walk): Plain {
  switch (typeof value) {
    case "string":
      return leafText(value, walk);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return leafText(`${value}n`, walk);
    case "function":
      return describeFunction(value);
    case "undefined":
      return "[undefined]";
    default:
      return value === null ? null : String(value);
  }
}

/** A text, cut where the walk has no room for more. */
export function leafText(text: string, walk: Walk): string {
  const room = Math.max(walk.characters, 64);
  walk.characters -= text.length;
  return cut(text, room);
}

function describeFunction(value: object): string {
  try {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    const name = "name" in value && typeof value.name === "string" ? value.name : "";
    return `[${isClass ? "class" : "Function"}${name === "" ? "" : ` ${name}`}]`;
  } catch {
    // A proxy may throw on any question.
    return "[Function]";
  }
}
