/**
 * `npm test`: installs what is missing, then runs every check and suite in Node 24. `npm test -- types unit` runs only the
 * named steps.
 */
import {
  continueInNode24,
  ensureChromium,
  ensureCodeServer,
  ensureDependencies,
} from "./bootstrap.mjs";

const steps = process.argv.slice(2);
const needs = (...names) => steps.length === 0 || steps.some((name) => names.includes(name));

ensureDependencies();
if (needs("host", "ui")) ensureCodeServer();
if (needs("host", "ui", "browser")) ensureChromium();
continueInNode24("scripts/run-tests.mjs");
