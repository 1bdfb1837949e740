import path from "node:path";
import { project } from "../../scripts/bootstrap.mjs";

/** The extension's package for this platform, made by `npm run package`. */
export const vsix = path.join(project, `vitrine-${process.platform}-${process.arch}.vsix`);
