#!/usr/bin/env bash
# Calls the API without a secret: a private key signs a JSON Web Token that is good for some minutes. Make the key and its
# token once, on the server's machine:
#
#   openssl genrsa -out key.pem 2048
#   openssl rsa -in key.pem -pubout -out public.pem
#   bridle admin token create --organization dev --user dev@bridle.localhost --scopes read_user --public-key public.pem
#
# and with the id that the last one prints:
#
#   examples/shell/signed_token.sh key.pem 01890000-0000-7000-8000-000000000000
set -euo pipefail
. "$(dirname "$0")/api.sh"

key=${1:?name the file of the private key} issuer=${2:?give the id of the token}
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
now=$(date +%s)
signed=$(jq -cnj '{alg: "RS256", typ: "JWT"}' | base64url).$(
	jq -cnj --arg iss "$issuer" --argjson now "$now" '{iss: $iss, iat: $now, exp: ($now + 240)}' | base64url
)
BRIDLE_TOKEN=$signed.$(printf %s "$signed" | openssl dgst -sha256 -sign "$key" -binary | base64url)
api GET /v2/user | jq -r .email
