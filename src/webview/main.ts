/** Entry of the panel's document. */
import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-context-menu/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { openBridge } from "./bridge.ts";
import { readTexts } from "./texts.ts";
import { PanelView } from "./view.ts";

readTexts(document);
const bridge = openBridge({
  fromHost: (message) => view.fromHost(message),
  fromPage: (message) => view.fromPage(message),
});
const view = new PanelView(document.body, bridge);
bridge.send({ type: "ready" });
