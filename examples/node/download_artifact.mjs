// Prints a file that a build uploaded.
//
//   node examples/node/download_artifact.mjs my-pipeline 42 dist/report.txt >report.txt
import { Readable } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";
import { everyPage, organization, request } from "./api.mjs";

const [pipeline, number, path] = process.argv.slice(2);
let found;
for await (const artifact of everyPage(`${organization}/pipelines/${pipeline}/builds/${number}/artifacts?per_page=100`)) {
  if (artifact.path === path && artifact.state === "finished") found = artifact;
}
if (!found) throw new Error(`build ${number} has no artifact ${path}`);
// The answer is a redirect to an address that is signed and good for a minute; the token is not for whoever serves it.
const redirect = await request("GET", found.download_url);
const content = await fetch(redirect.headers.get("Location"));
if (!content.ok) throw new Error(`the download answered ${content.status}`);
await pipe(Readable.fromWeb(content.body), process.stdout);
