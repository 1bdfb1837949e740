/** A few of the apps; all ten are in `test/long`. */
import { testTeamWorkspace } from "./team-workspace.ts";

testTeamWorkspace(["react-ts", "vue-ts", "vanilla-ts"]);
