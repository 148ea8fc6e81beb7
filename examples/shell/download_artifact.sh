#!/usr/bin/env bash
# Prints a file that a build uploaded.
#
#   examples/shell/download_artifact.sh my-pipeline 42 dist/report.txt >report.txt
set -euo pipefail
. "$(dirname "$0")/api.sh"

pipeline=${1:?name a pipeline by its slug} build=${2:?give the number of a build} path=${3:?give the path of an artifact}
artifact=$(every_page "$organization/pipelines/$pipeline/builds/$build/artifacts?per_page=100" |
	jq -rs --arg path "$path" 'map(select(.path == $path and .state == "finished")) | last | .download_url // ""')
if [[ -z $artifact ]]; then
	echo "build $build has no artifact $path" >&2
	exit 1
fi
# The answer is a redirect to an address that is signed and good for a minute; the token is not for whoever serves it.
curl -sS --fail "$(api GET "$artifact" | jq -r .url)"
