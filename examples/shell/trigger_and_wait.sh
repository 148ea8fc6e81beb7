#!/usr/bin/env bash
# Makes a build of another pipeline, waits until it is finished, and ends as it ended. In a step of a pipeline it runs a
# downstream build and takes over its result.
#
#   examples/shell/trigger_and_wait.sh downstream-pipeline [branch]
set -euo pipefail
. "$(dirname "$0")/api.sh"

pipeline=${1:?name a pipeline by its slug}
build=$(jq -n --arg branch "${2:-main}" '{commit: "HEAD", branch: $branch, message: "Triggered by a script"}')
number=$(api POST "$organization/pipelines/$pipeline/builds" "$build" | jq .number)
while true; do
	state=$(api GET "$organization/pipelines/$pipeline/builds/$number?exclude_jobs=true" | jq -r .state)
	case $state in
	passed | failed | blocked | canceled | skipped | not_run) break ;;
	esac
	sleep 1
done
echo "$pipeline #$number $state"
[[ $state == passed ]]
