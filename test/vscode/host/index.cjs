/** Named by `extensionTestsPath`: runs inside the extension host and reports through a file, since its console is formatted. */
const { readdirSync, renameSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const Mocha = require("mocha");

exports.run = async function run() {
  const mocha = new Mocha({ ui: "bdd", timeout: 30_000, reporter: "min", color: false });
  const suites = path.join(__dirname, "suites");
  for (const file of readdirSync(suites))
    if (file.endsWith(".test.cjs")) mocha.addFile(path.join(suites, file));
  const tests = [];
  await new Promise((resolve) => {
    const runner = mocha.run(resolve);
    runner.on("pass", (test) =>
      tests.push({ title: test.fullTitle(), state: "passed", ms: test.duration }),
    );
    runner.on("fail", (test, error) =>
      tests.push({ title: test.fullTitle(), state: "failed", error: error.stack ?? String(error) }),
    );
    runner.on("pending", (test) => tests.push({ title: test.fullTitle(), state: "skipped" }));
  });
  const file = process.env.VITRINE_RESULT_FILE;
  writeFileSync(`${file}.tmp`, JSON.stringify(tests));
  renameSync(`${file}.tmp`, file);
  if (tests.some(({ state }) => state === "failed")) throw new Error("tests failed");
};
