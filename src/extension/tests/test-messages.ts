/** What a failed test says in the editor: its message at the failing line, its stack as links. */
import path from "node:path";
import * as vscode from "vscode";
import type { TestOutcome } from "../../protocol/model.ts";
import { plainText } from "../plain-text.ts";
import { stackPlaces, type StackPlace } from "./stack-places.ts";
import type { TestNode } from "./test-tree.ts";

/** @param shown the editor's spelling of a path of the server. */
export function failureMessage(
  outcome: TestOutcome,
  node: TestNode,
  shown: (file: string) => string,
): vscode.TestMessage {
  const stack = plainText(outcome.error ?? "");
  const places = stackPlaces(stack, node.root).map((place) => ({
    ...place,
    file: shown(place.file),
  }));
  const message = new vscode.TestMessage(withoutFrames(stack) || outcome.name);
  const own = path.join(node.root, node.file);
  const place = outcome.place ?? places.find(({ file }) => file === own) ?? places[0];
  const uri = node.item.uri;
  if (place) message.location = toLocation({ ...place, file: shown(place.file) });
  else if (uri && node.item.range) message.location = new vscode.Location(uri, node.item.range);
  message.stackTrace = places.map(toFrame);
  return message;
}

/** What is wrong with a file as a whole. */
export function faultMessage(text: string, node: TestNode): vscode.TestMessage {
  const message = new vscode.TestMessage(plainText(text));
  const [place] = stackPlaces(plainText(text), node.root);
  if (place) message.location = toLocation(place);
  else if (node.item.uri)
    message.location = new vscode.Location(node.item.uri, new vscode.Position(0, 0));
  return message;
}

function toLocation(place: Pick<StackPlace, "file" | "line" | "column">): vscode.Location {
  return new vscode.Location(vscode.Uri.file(place.file), toPosition(place));
}

function toFrame(place: StackPlace): vscode.TestMessageStackFrame {
  return new vscode.TestMessageStackFrame(
    place.label || path.basename(place.file),
    vscode.Uri.file(place.file),
    toPosition(place),
  );
}

function toPosition({ line, column }: Pick<StackPlace, "line" | "column">): vscode.Position {
  return new vscode.Position(Math.max(line - 1, 0), Math.max(column - 1, 0));
}

function withoutFrames(stack: string): string {
  const lines = stack.split("\n");
  const first = lines.findIndex((line) => /^\s+at |^[^@\s]*@\S+:\d+:\d+$/.test(line));
  return (first < 0 ? lines : lines.slice(0, first)).join("\n").trim();
}
