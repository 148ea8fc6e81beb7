#!/usr/bin/env python3
"""Calls the API without a secret: a private key signs a JSON Web Token that is good for some minutes. Python cannot sign
by itself, so openssl does. How to make the key and its token stands in examples/shell/signed_token.sh.

    python3 examples/python/signed_token.py key.pem 01890000-0000-7000-8000-000000000000
"""

import base64
import json
import subprocess
import sys
import time

from api import request


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


key, issuer = sys.argv[1:3]
now = int(time.time())
parts = [{"alg": "RS256", "typ": "JWT"}, {"iss": issuer, "iat": now, "exp": now + 240}]
signed = b".".join(encode(json.dumps(part).encode()) for part in parts)
signature = subprocess.run(
    ["openssl", "dgst", "-sha256", "-sign", key, "-binary"], input=signed, stdout=subprocess.PIPE, check=True
).stdout
user, _ = request("GET", "/v2/user", token=(signed + b"." + encode(signature)).decode())
print(user["email"])
