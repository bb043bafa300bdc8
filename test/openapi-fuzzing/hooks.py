"""What Schemathesis must know of the API beside its description: the rules that a JSON Schema cannot say."""

import itertools
import re

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

# By the place and the message of each mistake in a problem document. A rule is here only if no schema could say it: it
# relates two values, needs what is stored, or needs a grammar.
RULES = [
    (r"^(\?|/)to$", r"^must not be before from$"),
    (r"^/responseStatus$", r"^must be left out: what was never sent "),
    # What has ended, and what is kept no longer, depends on the clock.
    (r"^\?(from|to)$", r"^must not be (more than \d+ days ago|after to, nor in the future)|^must be at most \d+ days before to"),
    (r"^/expiresAt$", r"^must be in the future$"),
    (r"^(\?profile|/profile|/defaultProfile|/subscriptionId)$", r"does not exist"),
    (r"^/eventType$", r"^(is not a known event type|has no example)"),
    # The grammar of URLs, and which addresses may be called.
    (r"^/(url|target_url)$", r"^(The (URL|host|name|user name or password)|A part of the host|Nothing can listen|Port|Webhooks cannot be sent)"),
    (r"^/name$", r", as in the path$"),
    # What a profile makes of a subscription.
    (r"^/signatureVersions$", r"is not known to the profile|^must include v1"),
    (r"^/secret$", r"must be whsec_|is not used by the profile|^would sign nothing: "),
    (r"^/headers/", r"^may not be set: it|is there twice|^is set by the profile "),
    (r"^/name$", r"^is required by the profile "),
    (r"^/(eventTypes|event)$", r"^must be exactly one event type: the profile "),
    (r"^/profile$", r" needs a whsec_ secret"),
    (r"^/headers/", r"^cannot be sent beside the basic auth"),
    # What is there already counts, too.
    (r"^/metadata$", r"^must have at most 50 keys$"),
    (r"^/headers$", r"^must be at most 20 headers$"),
    (r"^/headers/", r"which only stands for a value that is stored"),
    (r"^/secret$", r"^is not the X-Hook-Secret that the receiver was sent"),
    # Bytes and levels are not counted by schemas.
    (r"", r"^is \d+ bytes; at most|^is nested deeper than"),
    (r"", r"^must be in the years 0000 to 9999 in UTC$"),
    # Languages of their own: filters, JSON Schema, profiles.
    (r"^/filter(/|$)", r"."),
    (r"^/schema$|^/eventTypes/\d+/schema$", r"is not a JSON Schema that can be used"),
    (r"^/example$|^/eventTypes/\d+/example$", r"does not fit the schema: "),
    (r"^/eventTypes/\d+/name$", r"is listed twice"),
    (r"(^|/profile)/provenance/", r"^speaks of "),
    (r"(^|/profile)/signatures/\d+/(key|keyFormat|when|separator)$", r"^(must be|is whsec|is subscription|is required: another)"),
    (r"(^|/profile)/(headers/.*|signatures/\d+/(header|prefix))$", r"^(may not be|is the same header as|is set by /traceparent|must be visible ASCII)"),
    (r"(^|/profile)/breaker/maxPauseSeconds$", r"^is \S+: must be at least /breaker/pauseSeconds, "),
    (r"(^|/profile)/(envelope|headers|signatures)(/|$)", r"reference|\{\{"),
    # A text that must hold an event.
    (r"^/body$", r"^is no event: "),
    # How long events are kept is a setting.
    (r"^/retry$", r"^can take .* days"),
    (r"(^|/profile)/responses/deactivate/\d+$", r"takes for success$"),
]
RULES = [(re.compile(path), re.compile(message)) for path, message in RULES]

counter = itertools.count()

# As the description has it. Schemathesis' coverage sends 0 all the same, and takes it for valid.
IF_MATCH = re.compile(r'(\*|(W/)?"[0-9]{1,15}")')


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """A key that is used for another request is refused: the same one must not come twice by chance."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,240}", key):
        case.headers["Idempotency-Key"] = f"{key}-{next(counter)}"


def has_wrong_if_match(response, case):
    value = (case.headers or {}).get("If-Match")
    return response.status_code == 400 and isinstance(value, str) and not IF_MATCH.fullmatch(value)


def is_beyond_schemas(response):
    if response.status_code != 422:
        return False
    errors = response.json()["errors"]
    return errors != [] and all(
        any(path.search(error["path"]) and message.search(error["message"]) for path, message in RULES)
        for error in errors
    )


@schemathesis.check
def valid_requests_are_taken(ctx, response, case):
    return True if is_beyond_schemas(response) or has_wrong_if_match(response, case) else positive_data_acceptance(ctx, response, case)
