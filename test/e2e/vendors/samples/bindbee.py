"""How a receiver verifies, after what Bindbee's documentation says of the header: urlsafe base64 of HMAC-SHA256.

In: a JSON list of {secret, body, signature}. Out: a JSON list of booleans.
"""

import base64
import hashlib
import hmac
import json
import sys


def accepts(case):
    digest = hmac.new(case['secret'].encode('utf-8'), case['body'].encode('utf-8'), hashlib.sha256).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).decode(), case['signature'])


print(json.dumps([accepts(case) for case in json.load(sys.stdin)]))
