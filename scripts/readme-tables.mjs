/**
 * Writes the tables of commands and settings into README.md, from package.json and its texts. With `--check` it changes
 * nothing and fails when the README says something else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { project } from "./bootstrap.mjs";

const { contributes } = readJson("package.json");
const texts = readJson("package.nls.json");
const readme = path.join(project, "README.md");

const present = readFileSync(readme, "utf8");
const wanted = withTable(
  withTable(present, "commands", commandTable()),
  "settings",
  settingsTable(),
);
if (present === wanted) process.exit(0);
if (process.argv.includes("--check")) {
  console.error(
    'README.md does not say what package.json says. Run "node scripts/readme-tables.mjs"',
  );
  process.exit(1);
}
writeFileSync(readme, wanted);

function commandTable() {
  const keys = new Map(contributes.keybindings.map(({ command, key }) => [command, key]));
  const rows = contributes.commands.map(({ command, title, category }) => [
    `*${category}: ${localized(title)}*`,
    keys.has(command) ? `\`${keys.get(command)}\`` : "",
    `\`${command}\``,
  ]);
  return table(["command", "key", "id"], rows);
}

function settingsTable() {
  const rows = Object.entries(contributes.configuration.properties).map(([name, setting]) => [
    `\`${name}\``,
    `\`${JSON.stringify(setting.default)}\``,
    [localized(setting.markdownDescription ?? setting.description), ...choices(setting)].join(" "),
  ]);
  return table(["setting", "default", "meaning"], rows);
}

function choices({ enum: values = [], enumDescriptions = [] }) {
  return values.map(
    (value, index) => `\`${value}\`: ${lowerFirst(localized(enumDescriptions[index] ?? ""))}`,
  );
}

function table(head, rows) {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

function row(cells) {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function withTable(document, name, content) {
  const [begin, end] = [`<!-- ${name}: made from package.json -->`, `<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no place for the table of ${name}`);
  return `${document.slice(0, from)}${begin}\n\n${content}\n\n${document.slice(to)}`;
}

function localized(text) {
  return text.replace(/^%(.+)%$/, (whole, key) => texts[key] ?? whole);
}

function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(project, file), "utf8"));
}
