const assert = require("node:assert/strict");
const vscode = require("vscode");

describe("projects", () => {
  const folder = () => vscode.workspace.workspaceFolders[0].uri;
  const write = async (name, text) => {
    const uri = vscode.Uri.joinPath(folder(), ...name.split("/"));
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
    return uri;
  };
  /** Nothing says when a provider or a server of the editor is there. */
  const eventually = async (what, look) => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const found = await look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return assert.fail(`not within 10 s: ${what}`);
  };
  const messages = (uri, isOurs) =>
    vscode.languages
      .getDiagnostics(uri)
      .filter(({ source }) => (source === "vitrine") === isOurs)
      .map(({ message, range }) => `${range.start.line}:${range.start.character} ${message}`);
  const project = (more) =>
    `{ // ours\n  "devServers": { "projects": [\n    { "id": "shop", "root": ".", "ui": {}, ${more} },\n  ] },\n}\n`;
  let file;

  after(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.workspace.fs.delete(file, { useTrash: false });
  });

  it("the editor reads vitrine.json as JSON with comments, by its schema", async () => {
    file = await write("vitrine.json", project('"nme": "The shop"'));
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    assert.equal(document.languageId, "jsonc");
    const found = await eventually("what the schema refuses", () => {
      const [first] = messages(file, false);
      return first;
    });
    assert.match(found, /^2:\d+ .*nme/);
  });

  it("the server's Problems stand at the same place, and go when the file is right", async () => {
    await vscode.commands.executeCommand("vitrine.refreshProjects");
    const found = await eventually("the problem", () => messages(file, true)[0]);
    assert.match(
      found,
      /^2:\d+ devServers\.projects\[0\]\.nme is not known and does nothing; remove it or correct its name$/,
    );
    await write("vitrine.json", project('"name": "The shop"'));
    await eventually("no problem", () => messages(file, true).length === 0);
  });

  it("every value is offered with what it means", async () => {
    await write("vitrine.json", '{ "devServers": { "projects": [ { "" } ] } }');
    const document = await vscode.workspace.openTextDocument(file);
    await eventually("the new text", () => document.getText().includes('{ "" }'));
    const at = document.positionAt(document.getText().indexOf('""') + 1);
    const offered = await eventually("completions", async () => {
      const { items } = await vscode.commands.executeCommand(
        "vscode.executeCompletionItemProvider",
        file,
        at,
      );
      const labels = items.map(({ label }) => (typeof label === "string" ? label : label.label));
      return labels.includes("backend") ? labels : undefined;
    });
    for (const key of ["id", "name", "root", "ui", "backend", "autostart"])
      assert.ok(offered.includes(key), `${key} is not offered`);
  });

  it("an error of a build reaches to the end of its word once the file is open, and goes with the dev server", async () => {
    const source = await write("words/a.txt", "let wrong = 1;\n");
    const build = 'console.error("a.txt:1:5: this is wrong"); process.exit(1);';
    await write("words/build.js", build);
    const backend = {
      build: { command: ["node", "build.js"] },
      watch: { include: ["*.txt"] },
      problems: {
        pattern: { regexp: "^(.+):(\\d+):(\\d+): (.+)$", file: 1, line: 2, column: 3, message: 4 },
      },
    };
    const projects = [{ id: "words", root: "words", backend }];
    await write("vitrine.json", JSON.stringify({ devServers: { projects } }));
    await eventually("the project", async () => {
      await vscode.commands.executeCommand("vitrine.refreshProjects");
      await vscode.commands.executeCommand("vitrine.startDevServer", "words");
      return vscode.languages.getDiagnostics(source).length > 0;
    });
    const range = () => {
      const [{ range: found } = {}] = vscode.languages.getDiagnostics(source);
      return found && `${found.start.line}:${found.start.character}-${found.end.character}`;
    };
    assert.equal(range(), "0:4-4");
    await vscode.workspace.openTextDocument(source);
    await eventually("the whole word", () => range() === "0:4-9");
    await vscode.commands.executeCommand("vitrine.stopDevServer", "words");
    await eventually("no problem", () => range() === undefined);
    const folderOfWords = vscode.Uri.joinPath(folder(), "words");
    await vscode.workspace.fs.delete(folderOfWords, { recursive: true, useTrash: false });
  });

  it("the commands about dev servers are there, and end without a word from the editor", async () => {
    const known = await vscode.commands.getCommands(true);
    const ours = known.filter((id) => /^vitrine\..*DevServer/.test(id));
    assert.equal(ours.length, 9);
    await vscode.commands.executeCommand("vitrine.stopAllDevServers");
  });
});
