#!/usr/bin/env python3
"""Prints a file that a build uploaded.

    python3 examples/python/download_artifact.py my-pipeline 42 dist/report.txt >report.txt
"""

import shutil
import sys
import urllib.request

from api import ORGANIZATION, every_page, request

pipeline, number, path = sys.argv[1:4]
artifacts = every_page(f"{ORGANIZATION}/pipelines/{pipeline}/builds/{number}/artifacts?per_page=100")
found = [artifact for artifact in artifacts if artifact["path"] == path and artifact["state"] == "finished"]
if not found:
    sys.exit(f"build {number} has no artifact {path}")
# The answer is a redirect to an address that is signed and good for a minute; the token is not for whoever serves it.
redirect, _ = request("GET", found[-1]["download_url"])
with urllib.request.urlopen(redirect["url"]) as content:
    shutil.copyfileobj(content, sys.stdout.buffer)
