/** What the server tells goes into the mirror and the log. */
import type { ServerEvents } from "../protocol/contract.ts";
import type { FolderLinks } from "./folder-links.ts";
import type { Mirror } from "./mirror.ts";
import type { Output } from "./output.ts";

export function serverEvents(mirror: Mirror, output: Output, links: FolderLinks): ServerEvents {
  return {
    projectsChanged: (projects) => mirror.setProjects(projects),
    projectProblemsChanged: (problems) => mirror.setProjectProblems(problems),
    devServersChanged: (states) => mirror.setDevServers(states),
    devServerLogged: (lines) => output.devServerLogged(lines),
    sessionsChanged: (sessions) => mirror.setSessions(sessions),
    runChanged: (run) => mirror.setRun(run),
    replsChanged: (repls) => mirror.setRepls(repls.map((repl) => links.shownRepl(repl))),
    testRunChanged: (run) => mirror.setTestRun(run),
    consoleLogged: (entries) => output.console(entries),
    logged: (entries) => output.logged(entries),
  };
}
