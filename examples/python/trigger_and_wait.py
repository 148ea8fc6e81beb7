#!/usr/bin/env python3
"""Makes a build of another pipeline, waits until it is finished, and ends as it ended. In a step of a pipeline it runs a
downstream build and takes over its result.

    python3 examples/python/trigger_and_wait.py downstream-pipeline [branch]
"""

import sys
import time

from api import ORGANIZATION, request

FINISHED = {"passed", "failed", "blocked", "canceled", "skipped", "not_run"}

pipeline, branch = sys.argv[1], (sys.argv[2:] or ["main"])[0]
builds = f"{ORGANIZATION}/pipelines/{pipeline}/builds"
build, _ = request("POST", builds, {"commit": "HEAD", "branch": branch, "message": "Triggered by a script"})
while build["state"] not in FINISHED:
    time.sleep(1)
    build, _ = request("GET", f"{builds}/{build['number']}?exclude_jobs=true")
print(f"{pipeline} #{build['number']} {build['state']}")
sys.exit(build["state"] != "passed")
