/** Our own plugin copies for folders without a Vite config. Loaded only when needed: each costs tens of milliseconds. */
import type { PluginOption } from "vite";
import type { Preset } from "../../protocol/vite-host.ts";

/** @returns the plugins of a preset, for our own Vite */
export async function presetPlugins(preset: Preset): Promise<PluginOption[]> {
  switch (preset) {
    case "react":
      return [(await import("@vitejs/plugin-react")).default()];
    case "vue":
      return [(await import("@vitejs/plugin-vue")).default()];
    case "svelte": {
      const { svelte, vitePreprocess } = await import("@sveltejs/vite-plugin-svelte");
      return [svelte({ preprocess: vitePreprocess() })];
    }
    case "plain":
      return [];
  }
}
