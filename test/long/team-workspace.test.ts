import { testTeamWorkspace } from "../vscode/ui/team-workspace.ts";

testTeamWorkspace([
  "react-ts",
  "vue-ts",
  "svelte-ts",
  "vanilla-ts",
  "preact-ts",
  "solid-ts",
  "lit-ts",
  "react",
  "vue",
  "vanilla",
]);
