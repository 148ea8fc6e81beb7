"""What the other examples import: requests, lists and the rate limit. Only Python itself is needed."""

import json
import os
import re
import time
import urllib.error
import urllib.request

URL = os.environ.get("BRIDLE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("BRIDLE_TOKEN", "bkua_dev0000000000000000000000000000000000")
ORGANIZATION = "/v2/organizations/" + os.environ.get("BRIDLE_ORGANIZATION", "dev")


def request(method, path, body=None, token=None):
    """Returns an answer's JSON and its headers. Beyond the rate limit it waits as long as the server says."""
    url = path if path.startswith("http") else URL + path
    for attempt in range(5):
        call = urllib.request.Request(url, method=method)
        call.add_header("Authorization", "Bearer " + (token or TOKEN))
        if body is not None:
            call.add_header("Content-Type", "application/json")
            call.data = json.dumps(body).encode()
        try:
            with _opener.open(call) as answer:
                return json.load(answer), answer.headers
        except urllib.error.HTTPError as error:
            if error.code == 302:
                return json.load(error), error.headers
            if error.code != 429 or attempt == 4:
                raise SystemExit(f"{method} {url} answered {error.code}: {error.read().decode()}")
            time.sleep(int(error.headers["RateLimit-Reset"]))


def every_page(path):
    """Yields the items of a list from all its pages."""
    while path:
        items, headers = request("GET", path)
        yield from items
        following = re.search(r'<([^>]*)>; rel="next"', headers.get("Link", ""))
        path = following and following[1]


def ago(days):
    """A time some days ago, as filters take it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would take the token along."""

    def redirect_request(self, *_):
        return None


_opener = urllib.request.build_opener(_StayHere)
