import base64
import sys
from email.message import Message
from importlib import import_module

for block in sys.stdin.read().split('\n\n'):
    number, body, *lines = block.split('\n')
    headers = Message()
    for line in lines:
        name, value = line.split(': ', 1)
        headers[name] = value
    is_genuine = import_module('snippet' + number).is_genuine
    print(str(is_genuine(headers, base64.b64decode(body))).lower())
