/**
 * A process that starts a command and tells its id; tests kill it. `node command-owner.ts <state directory> <program>
 * <argument> …`; the state directory remembers its children.
 */
import { startCommand } from "../../src/server/dev-servers/commands/command.ts";
import { openStateDirectory } from "../../src/server/state-directory.ts";

const [directory = "", ...command] = process.argv.slice(2);
const keeper = await openStateDirectory(directory);
const { pid } = await startCommand(
  { command, cwd: process.cwd(), env: {} },
  { keeper, line: ({ text }) => console.log(text) },
);
console.log(`command ${pid}`);
