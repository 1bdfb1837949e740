/** A process that starts a command and tells its id; tests kill it. `node command-owner.ts <program> <argument> …`. */
import { startCommand } from "../../src/server/dev-servers/commands/command.ts";

const { pid } = await startCommand(
  { command: process.argv.slice(2), cwd: process.cwd(), env: {} },
  {
    keeper: { addChild: () => Promise.resolve(), removeChild: () => Promise.resolve() },
    line: ({ text }) => console.log(text),
  },
);
console.log(`command ${pid}`);
