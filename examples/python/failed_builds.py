#!/usr/bin/env python3
"""Lists the builds of the organization that failed within the last day, newest first.

    python3 examples/python/failed_builds.py
"""

from api import ORGANIZATION, ago, every_page

query = f"state=failed&created_from={ago(days=1)}&exclude_jobs=true&per_page=100"
for build in every_page(f"{ORGANIZATION}/builds?{query}"):
    print(f"{build['pipeline']['slug']} #{build['number']} {build['branch']} {build['web_url']}")
