// Calls the API without a secret: a private key signs a JSON Web Token that is good for some minutes. How to make the key
// and its token stands in examples/shell/signed_token.sh.
//
//   node examples/node/signed_token.mjs key.pem 01890000-0000-7000-8000-000000000000
import { sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "./api.mjs";

const [key, issuer] = process.argv.slice(2);
const now = Math.floor(Date.now() / 1000);
const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const signed = [{ alg: "RS256", typ: "JWT" }, { iss: issuer, iat: now, exp: now + 240 }].map(encode).join(".");
const token = `${signed}.${sign("sha256", Buffer.from(signed), readFileSync(key)).toString("base64url")}`;
const user = await (await request("GET", "/v2/user", { token })).json();
console.log(user.email);
