/**
 * Takes the place of `@vscode/spdlog` in code-server. The original is native and would have to be compiled, which a fresh
 * machine may not be able to; without it the editor writes no log files, and Output channels, which are views of such
 * files, stay empty. Of the original's API this is what VS Code calls. Files are not rotated: profiles are short-lived.
 */
const { closeSync, mkdirSync, openSync, writeSync } = require("node:fs");
const path = require("node:path");

const levels = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  #file;
  #level = 2;
  #isPlain = false;

  constructor(_type, _name, filename) {
    mkdirSync(path.dirname(filename), { recursive: true });
    this.#file = openSync(filename, "a");
  }

  trace(message) {
    this.#write(0, message);
  }
  debug(message) {
    this.#write(1, message);
  }
  info(message) {
    this.#write(2, message);
  }
  warn(message) {
    this.#write(3, message);
  }
  error(message) {
    this.#write(4, message);
  }
  critical(message) {
    this.#write(5, message);
  }
  getLevel() {
    return this.#level;
  }
  setLevel(level) {
    this.#level = level;
  }
  /** VS Code has one pattern only, the one of `#write`. */
  setPattern() {}
  /** From now on a message is written as it is, without even a line end. */
  clearFormatters() {
    this.#isPlain = true;
  }
  flush() {}
  drop() {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(level, message) {
    if (level < this.#level || this.#file === undefined) return;
    const now = new Date().toISOString().replace("T", " ").replace("Z", "");
    writeSync(this.#file, this.#isPlain ? message : `${now} [${levels[level]}] ${message}\n`);
  }
}

async function createLogger(type, name, filename) {
  return new Logger(type, name, filename);
}

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = createLogger.bind(undefined, "rotating");
exports.createAsyncRotatingLogger = createLogger.bind(undefined, "rotating_async");
