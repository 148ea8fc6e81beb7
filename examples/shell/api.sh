# What the other examples call. Not run by itself:
#
#   . examples/shell/api.sh
#   api GET /v2/user
: "${BRIDLE_URL:=http://127.0.0.1:8080}"
: "${BRIDLE_TOKEN:=bkua_dev0000000000000000000000000000000000}"
: "${BRIDLE_ORGANIZATION:=dev}"
organization="/v2/organizations/$BRIDLE_ORGANIZATION"

api_scratch=$(mktemp -d)
trap 'rm -rf "$api_scratch"' EXIT

# api METHOD PATH-OR-URL [JSON] prints the answer's body; its headers are in $api_scratch/headers. Beyond the rate limit
# it waits as long as the server says, and tries again.
api() {
	local method=$1 url=$2 status attempt
	[[ $url == http* ]] || url=$BRIDLE_URL$url
	for attempt in 1 2 3 4 5; do
		status=$(curl -sS -X "$method" -H "Authorization: Bearer $BRIDLE_TOKEN" -H 'Content-Type: application/json' \
			${3:+--data "$3"} -D "$api_scratch/headers" -o "$api_scratch/body" -w '%{http_code}' "$url") || return 1
		[[ $status == 429 ]] || break
		sleep "$(header RateLimit-Reset)"
	done
	if ((status >= 400)); then
		echo "$method $url answered $status: $(cat "$api_scratch/body")" >&2
		return 1
	fi
	cat "$api_scratch/body"
}

# header NAME prints a header of the last answer.
header() { tr -d '\r' <"$api_scratch/headers" | sed -n "s/^$1: //Ip"; }

# every_page PATH prints the items of a list, one JSON document a line, from all its pages.
every_page() {
	local url=$1
	while [[ -n $url ]]; do
		api GET "$url" >"$api_scratch/page" || return 1
		jq -c '.[]' "$api_scratch/page"
		url=$(header Link | tr ',' '\n' | sed -n 's/.*<\(.*\)>; rel="next".*/\1/p')
	done
}
