// Makes a build of another pipeline, waits until it is finished, and ends as it ended. In a step of a pipeline it runs a
// downstream build and takes over its result.
//
//   node examples/node/trigger_and_wait.mjs downstream-pipeline [branch]
import { organization, request, sleep } from "./api.mjs";

const finished = ["passed", "failed", "blocked", "canceled", "skipped", "not_run"];

const [pipeline, branch = "main"] = process.argv.slice(2);
const builds = `${organization}/pipelines/${pipeline}/builds`;
const made = await request("POST", builds, { body: { commit: "HEAD", branch, message: "Triggered by a script" } });
let build = await made.json();
while (!finished.includes(build.state)) {
  await sleep(1);
  build = await (await request("GET", `${builds}/${build.number}?exclude_jobs=true`)).json();
}
console.log(`${pipeline} #${build.number} ${build.state}`);
process.exitCode = build.state === "passed" ? 0 : 1;
