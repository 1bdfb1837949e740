const assert = require("node:assert/strict");
const vscode = require("vscode");

const anchor = `${"-".repeat(70)}\n> Append your JavaScript snippet below to execute against this page.\n\n`;
const log = `# a Session

## Turn

### 🗣️agent to a at 10:00:00
\`\`\`js
1 + 1
\`\`\`

#### 👍a to agent at 10:00:00 (4ms)
\`\`\`JSON
2
\`\`\`

${anchor}`;
const document = `\`\`\`js
1 + 1
\`\`\`
<!-- vitrine:result id=k3f9 realm=node state=ok ms=4 at=2026-11-20T10:15:02Z code=9f2c41d0 -->
\`\`\`json
2
\`\`\`
<!-- vitrine:end id=k3f9 -->
`;

describe("logs and documents", () => {
  const folder = () => vscode.workspace.workspaceFolders[0].uri;
  const open = async (name, text) => {
    const uri = vscode.Uri.joinPath(folder(), ...name.split("/"));
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    await vscode.window.showTextDocument(uri);
    return uri;
  };
  /** Nothing says when a provider is there. */
  const eventually = async (look) => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const found = await look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return look();
  };
  const lenses = (uri) => vscode.commands.executeCommand("vscode.executeCodeLensProvider", uri, 10);
  const folds = (uri) => vscode.commands.executeCommand("vscode.executeFoldingRangeProvider", uri);

  it("blocks of a document have lenses, blocks of a log have none without its REPL", async () => {
    const plain = await open("blocks.md", document);
    const found = await eventually(async () => {
      const all = await lenses(plain);
      return all.length > 0 && all;
    });
    assert.deepEqual(
      found.filter(({ command }) => command?.command === "vitrine.runBlock").length,
      1,
    );
    assert.deepEqual(await lenses(await open("daebug/a.md", log)), []);
  });

  it("a result of a document folds from its first comment to its last", async () => {
    const uri = await open("blocks.md", document);
    const found = await eventually(async () => (await folds(uri)).find(({ start }) => start === 3));
    assert.deepEqual([found?.start, found?.end], [3, 7]);
  });

  it("a reply of a log folds to its own end, and the outline follows the headings", async () => {
    const uri = await open("daebug/a.md", log);
    const found = await eventually(async () => {
      const all = await folds(uri);
      return all.some(({ start, end }) => start === 9 && end === 12) && all;
    });
    assert.ok(found, "no fold from the reply to the end of its fence");
    const symbols = await eventually(async () => {
      const all = await vscode.commands.executeCommand("vscode.executeDocumentSymbolProvider", uri);
      return all?.length > 0 && all;
    });
    const drawn = (all, indent = "") =>
      all.flatMap(({ name, children }) => [indent + name, ...drawn(children, `${indent}  `)]);
    assert.deepEqual(drawn(symbols), [
      "# a Session",
      "  ## Turn",
      "    ### 🗣️agent to a at 10:00:00",
      "      #### 👍a to agent at 10:00:00 (4ms)",
    ]);
  });
});
