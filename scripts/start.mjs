/** `npm start`: installs what is missing, then opens the demo workspace with the extension in Node 24. */
import {
  continueInNode24,
  ensureCodeServer,
  ensureDependencies,
  findProgram,
} from "./bootstrap.mjs";

ensureDependencies();
if (!findProgram("code")) ensureCodeServer();
continueInNode24("test/vscode/start.ts");
