const assert = require("node:assert/strict");
const vscode = require("vscode");

describe("the extension", () => {
  it("activates", async () => {
    const extension = vscode.extensions.getExtension("vitrine.vitrine");
    assert.ok(extension, "it is not installed under its id");
    await extension.activate();
    assert.ok(extension.isActive);
  });
});
