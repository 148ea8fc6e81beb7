#!/usr/bin/env bash
# Lists the builds of the organization that failed within the last day, newest first.
#
#   examples/shell/failed_builds.sh
set -euo pipefail
. "$(dirname "$0")/api.sh"

since=$(jq -nr 'now - 86400 | todate')
every_page "$organization/builds?state=failed&created_from=$since&exclude_jobs=true&per_page=100" |
	jq -r '"\(.pipeline.slug) #\(.number) \(.branch) \(.web_url)"'
