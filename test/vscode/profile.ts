/** A throwaway editor profile: own user data, own extensions, own state directory, own workspace folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { project } from "../../scripts/bootstrap.mjs";

export interface Profile {
  readonly root: string;
  readonly userData: string;
  readonly extensions: string;
  /** What `XDG_STATE_HOME` names for everything that runs in this profile. */
  readonly state: string;
  /** Begins `VITRINE_TEST_RUN` of everything that runs in this profile. */
  readonly mark: string;
  /** The folder that the editor opens. */
  readonly workspace: string;
  remove(): Promise<void>;
}

export interface ProfileOptions {
  /** Folder whose content is copied into the workspace. */
  readonly copy?: string;
  /** Opened as it stands instead of a copy of its own. */
  readonly workspace?: string;
  /** User settings beside those that keep the editor quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Everything that would cover the window, ask the network, or find our ports by itself. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "remote.autoForwardPorts": false,
  "git.enabled": false,
  // It installs types of packages over the network, in a process that outlives the editor.
  "typescript.disableAutomaticTypeAcquisition": true,
  // What other extensions find wrong is not ours to count.
  "typescript.validate.enable": false,
  "javascript.validate.enable": false,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
};

export async function createProfile(options: ProfileOptions = {}): Promise<Profile> {
  // Short, because sockets below it have to fit into 107 characters.
  const root = await mkdtemp(path.join(tmpdir(), "vt-"));
  const profile = {
    root,
    userData: path.join(root, "user-data"),
    extensions: path.join(root, "extensions"),
    state: path.join(root, "state"),
    mark: `${process.env.VITRINE_TEST_RUN ?? "alone"}/${path.basename(root)}`,
    workspace: options.workspace ?? path.join(root, "workspace"),
    remove: async () => {
      await takeLeftovers(path.join(root, "state"));
      await removeProfile(root);
    },
  };
  await Promise.all(
    [profile.extensions, profile.state, profile.workspace].map((folder) =>
      mkdir(folder, { recursive: true }),
    ),
  );
  if (options.copy) await cp(options.copy, profile.workspace, { recursive: true });
  await writeFile(configFile(profile), "auth: none\ncert: false\n");
  await writeSettings(profile, options.settings ?? {});
  return profile;
}

/** Replaces the user settings; a running editor takes them over by itself. */
export async function writeSettings(
  profile: Profile,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  const folder = path.join(profile.userData, "User");
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, "settings.json"),
    JSON.stringify({ ...quietSettings, ...settings }, null, 2),
  );
}

/** Arguments with which every call of code-server stays inside the profile. */
export function profileArguments(profile: Profile): string[] {
  return [
    "--config",
    configFile(profile),
    "--user-data-dir",
    profile.userData,
    "--extensions-dir",
    profile.extensions,
  ];
}

function configFile(profile: Pick<Profile, "root">): string {
  return path.join(profile.root, "config.yaml");
}

/** An editor ends its extensions without grace; what our server left is taken by the next one that starts and ends. */
async function takeLeftovers(state: string): Promise<void> {
  const cli = path.join(project, "dist", "server", "cli.js");
  const env = { ...process.env, XDG_STATE_HOME: state };
  const child = spawn(process.execPath, [cli, "dev", state], { env, stdio: "ignore" });
  await once(child, "exit");
}

async function removeProfile(root: string): Promise<void> {
  if (process.env.KEEP_PROFILE) return;
  // The editor's last writes may still land in folders that are being removed.
  await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
