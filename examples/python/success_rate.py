#!/usr/bin/env python3
"""Prints how many of a pipeline's finished builds of the last 30 days passed.

    python3 examples/python/success_rate.py my-pipeline
"""

import sys
import urllib.parse

from api import ORGANIZATION, ago, every_page

query = urllib.parse.urlencode([
    ("state[]", "passed"), ("state[]", "failed"), ("created_from", ago(days=30)),
    ("exclude_jobs", "true"), ("exclude_pipeline", "true"), ("per_page", 100),
])
states = [build["state"] for build in every_page(f"{ORGANIZATION}/pipelines/{sys.argv[1]}/builds?{query}")]
passed = states.count("passed")
if states:
    print(f"{passed} of {len(states)} builds passed ({100 * passed // len(states)} %)")
else:
    print("no builds")
