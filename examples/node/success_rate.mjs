// Prints how many of a pipeline's finished builds of the last 30 days passed.
//
//   node examples/node/success_rate.mjs my-pipeline
import { ago, everyPage, organization } from "./api.mjs";

const query = new URLSearchParams([
  ["state[]", "passed"],
  ["state[]", "failed"],
  ["created_from", ago(30)],
  ["exclude_jobs", "true"],
  ["exclude_pipeline", "true"],
  ["per_page", "100"],
]);
let passed = 0;
let all = 0;
for await (const build of everyPage(`${organization}/pipelines/${process.argv[2]}/builds?${query}`)) {
  all++;
  if (build.state === "passed") passed++;
}
console.log(all ? `${passed} of ${all} builds passed (${Math.floor((100 * passed) / all)} %)` : "no builds");
