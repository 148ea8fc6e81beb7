// What the other examples import: requests, lists and the rate limit. Only Node itself is needed, 18 or newer.

const url = process.env.BRIDLE_URL ?? "http://127.0.0.1:8080";
const secret = process.env.BRIDLE_TOKEN ?? "bkua_dev0000000000000000000000000000000000";
export const organization = `/v2/organizations/${process.env.BRIDLE_ORGANIZATION ?? "dev"}`;

export const sleep = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

// request returns an answer. Beyond the rate limit it waits as long as the server says. It follows no redirect, which
// would take the token along.
export async function request(method, path, { body, token = secret } = {}) {
  const address = new URL(path, url);
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(address, {
      method,
      redirect: "manual",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (answer.status < 400) return answer;
    if (answer.status !== 429 || attempt === 5) {
      throw new Error(`${method} ${address} answered ${answer.status}: ${await answer.text()}`);
    }
    await sleep(Number(answer.headers.get("RateLimit-Reset")));
  }
}

// everyPage yields the items of a list from all its pages.
export async function* everyPage(path) {
  while (path) {
    const answer = await request("GET", path);
    yield* await answer.json();
    path = answer.headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
  }
}

// ago is a time some days ago, as filters take it.
export const ago = (days) => new Date(Date.now() - days * 86400e3).toISOString();
