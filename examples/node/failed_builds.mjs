// Lists the builds of the organization that failed within the last day, newest first.
//
//   node examples/node/failed_builds.mjs
import { ago, everyPage, organization } from "./api.mjs";

const query = new URLSearchParams({ state: "failed", created_from: ago(1), exclude_jobs: "true", per_page: "100" });
for await (const build of everyPage(`${organization}/builds?${query}`)) {
  console.log(`${build.pipeline.slug} #${build.number} ${build.branch} ${build.web_url}`);
}
