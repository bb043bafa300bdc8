"""How a receiver verifies, as PeopleForce publishes it (its indentation restored), over cases from stdin.

In: a JSON list of {secret, body, signature}. Out: a JSON list of booleans.
"""

import json
import sys

# --- the published sample begins
import hmac
import hashlib
import os


def verify_signature(payload_body, signature_header):
    secret_token = os.getenv('WEBHOOK_SECRET')
    if not signature_header:
        raise HTTPException(status_code=403, detail="Missing signature header!")
    hash_object = hmac.new(key=secret_token.encode('utf-8'), msg=payload_body.encode('utf-8'), digestmod=hashlib.sha256)
    expected_signature = 'sha256=' + hash_object.hexdigest()
    if not hmac.compare_digest(expected_signature, signature_header):
        raise HTTPException(status_code=403, detail="Signatures did not match!")
# --- the published sample ends


class HTTPException(Exception):
    """Stands for that of the web framework which the sample is written for."""

    def __init__(self, status_code, detail):
        super().__init__(detail)


def accepts(case):
    os.environ['WEBHOOK_SECRET'] = case['secret']
    try:
        verify_signature(case['body'], case['signature'])
        return True
    except HTTPException:
        return False


print(json.dumps([accepts(case) for case in json.load(sys.stdin)]))
