#!/usr/bin/env bash
# Prints how many of a pipeline's finished builds of the last 30 days passed.
#
#   examples/shell/success_rate.sh my-pipeline
set -euo pipefail
. "$(dirname "$0")/api.sh"

pipeline=${1:?name a pipeline by its slug}
since=$(jq -nr 'now - 30 * 86400 | todate')
query="state%5B%5D=passed&state%5B%5D=failed&created_from=$since&exclude_jobs=true&exclude_pipeline=true&per_page=100"
every_page "$organization/pipelines/$pipeline/builds?$query" |
	jq -rs 'length as $all | map(select(.state == "passed")) | length as $passed |
		if $all == 0 then "no builds" else "\($passed) of \($all) builds passed (\(100 * $passed / $all | floor) %)" end'
