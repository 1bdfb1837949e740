/** Which build runs, and how the newest one gets there (dev-servers 4.4, steps 2, 3, 6 and 7). */
import { UserError } from "../../../protocol/errors.ts";
import type { BackendConfig } from "../project-config.ts";
import { hashFile, installArtifact, restorePrevious, syncFiles } from "./artifact.ts";

export interface Deployment {
  /**
   * Whether the newest build made what was deployed last, and the files copied with it are the same. Throws `not_found` when
   * it made nothing.
   */
  isUnchanged(): Promise<boolean>;
  /** Puts the newest build in its place. Throws `write_failed`. */
  deploy(): Promise<void>;
  /** Puts back what was there before. @returns whether there is something */
  rollBack(): Promise<boolean>;
}

export function createDeployment(config: BackendConfig): Deployment {
  const { artifact, install, sync } = config;
  const target = install ?? artifact;
  /** Hash of the artefact. */
  let built: string | undefined;
  /** The same with those of the files beside it; and as it runs now, and ran before. */
  let newest: string | undefined;
  let deployed: string | undefined;
  let previous: string | undefined;
  let isReplaced = false;
  return {
    async isUnchanged() {
      if (artifact === undefined) return false;
      built = await hashFile(artifact);
      if (built === undefined)
        throw new UserError(
          "not_found",
          `The build succeeded but made no file ${artifact}. Correct backend.artifact in vitrine.json or the output of the build`,
        );
      const copied = await Promise.all(sync.map(hashFile));
      newest = [built, ...copied].join();
      return newest === deployed;
    },
    async deploy() {
      if (target !== undefined) await syncFiles(sync, target);
      isReplaced = false;
      if (artifact !== undefined && install !== undefined && install !== artifact) {
        // What an earlier run installed already is no new version: the one before it stays the previous one.
        isReplaced = (await hashFile(install)) !== built;
        if (isReplaced) await installArtifact(artifact, install);
      }
      [previous, deployed] = [deployed, newest];
    },
    async rollBack() {
      deployed = previous;
      if (!isReplaced || install === undefined) return false;
      isReplaced = false;
      return restorePrevious(install);
    },
  };
}
