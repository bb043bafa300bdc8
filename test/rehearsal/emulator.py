"""
Runs ministack, which executes CloudFormation templates and runs the functions' bundles, with what AWS does and it does not.
It ends with the process that started it: when that one's end of standard input is gone, so is its group.

Every decision about a function's role is a line on standard output: {"role", "action", "resource", "allowed"}.
"""

import contextvars
import json
import os
import random
import signal
import string
import sys
import threading


def end_with_parent():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


# Before anything is imported, which takes a second.
threading.Thread(target=end_with_parent, daemon=True).start()

from ministack import app  # noqa: E402
from ministack.core import iam_actions, iam_evaluator  # noqa: E402
from ministack.core.lambda_runtime import execution_credentials  # noqa: E402
from ministack.core.responses import get_account_id, get_region  # noqa: E402
from ministack.services import apigateway, eventbridge, lambda_svc  # noqa: E402
from ministack.services.cloudformation import provisioners  # noqa: E402

# --- Corrections of the emulator's own errors: the template stays as it is. -------------------------------------------

# 1. `Ref` of a secret is its ARN, as the grant on it expects; ministack gives its name. And it generates with punctuation
# whatever `ExcludePunctuation` says.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
SECRET = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
create_secret, update_secret, delete_secret = SECRET["create"], SECRET["update"], SECRET["delete"]


def secret_name(arn):
    return arn.split(":")[6].rsplit("-", 1)[0]


def create_secret_with_arn(logical_id, props, stack_name):
    generate = {**props["GenerateSecretString"]}
    if generate.pop("ExcludePunctuation", False):
        generate["ExcludeCharacters"] = string.punctuation
    _, attributes = create_secret(logical_id, {**props, "GenerateSecretString": generate}, stack_name)
    return attributes["Arn"], attributes


def update_secret_with_arn(arn, old_props, new_props, stack_name, logical_id=None):
    _, attributes = update_secret(secret_name(arn), old_props, new_props, stack_name, logical_id)
    return arn, attributes


SECRET["create"] = create_secret_with_arn
SECRET["update"] = update_secret_with_arn
SECRET["delete"] = lambda arn, props: delete_secret(secret_name(arn), props)

# 2. Every endpoint of AWS speaks TLS; here all is plain HTTP on the loopback, which the queues' policies refuse.
iam_evaluator._request_origin = contextvars.ContextVar("origin", default=("127.0.0.1", True))
app.pin_request_origin = lambda _address, _secure: None

# 3. A batch is no action of its own: SendMessageBatch needs sqs:SendMessage.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
extract_iam_action = iam_actions.extract_iam_action

# 4. kms:EncryptionContext:* are condition keys of every call that has a context.
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
encryption_context = contextvars.ContextVar("encryption_context", default={})


def corrected_iam_action(service, method, path, headers, body, *rest):
    action = extract_iam_action(service, method, path, headers, body, *rest)
    if service == "kms":
        encryption_context.set(json.loads(body or b"{}").get("EncryptionContext") or {})
    if service == "sqs" and action:
        action = action.removesuffix("Batch")
    return action


iam_actions.extract_iam_action = corrected_iam_action

# 5. An answer without a body has no type; ministack calls each one JSON.
answer_of_function = apigateway._invoke_lambda_proxy


async def typed_answer(*args, **kwargs):
    status, headers, body = await answer_of_function(*args, **kwargs)
    return status, headers if body else {name: value for name, value in headers.items() if name.lower() != "content-type"}, body


apigateway._invoke_lambda_proxy = typed_answer

# 6. It knows alarms on one metric alone, and no saved queries: those of the stack are remembered by their names. Nothing in a
# rehearsal asks for them.
ALARM = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
create_alarm, update_alarm, delete_alarm = ALARM["create"], ALARM["update"], ALARM["delete"]


def remember_alarm(logical_id, stack_name):
    name = f"{stack_name}-{logical_id}"
    return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}


def create_any_alarm(logical_id, props, stack_name):
    return remember_alarm(logical_id, stack_name) if props.get("Metrics") else create_alarm(logical_id, props, stack_name)


def update_any_alarm(physical_id, old_props, new_props, stack_name, logical_id=None):
    if new_props.get("Metrics"):
        return remember_alarm(logical_id, stack_name)
    return update_alarm(physical_id, old_props, new_props, stack_name, logical_id)


ALARM["create"] = create_any_alarm
ALARM["update"] = update_any_alarm
ALARM["delete"] = lambda name, props: None if props.get("Metrics") else delete_alarm(name, props)
provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
    "create": lambda logical_id, props, stack_name: (f"{stack_name}-{logical_id}", {}),
    "update": lambda physical_id, old_props, new_props, stack_name: (physical_id, {}),
    "delete": lambda physical_id, props: None,
}

# 7. It knows no CodeDeploy: the stack's applications and groups are remembered by their names. What they do to an alias, a
# rehearsal does by hand.
for kind in ("Application", "DeploymentGroup"):
    provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{kind}"] = {
        "create": lambda logical_id, props, stack_name: (f"{stack_name}-{logical_id}", {}),
        "update": lambda physical_id, old_props, new_props, stack_name: (physical_id, {}),
        "delete": lambda physical_id, props: None,
    }

# 8. It keeps the weights of an alias, and does not heed them.
# https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
record_of_qualifier = lambda_svc._effective_func_record_for_qualifier


def weighted_record_of_qualifier(function, qualifier):
    alias = (function or {}).get("aliases", {}).get(qualifier) or {}
    chosen, drawn = qualifier, random.random()
    for version, weight in (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {}).items():
        if drawn < weight:
            chosen = version
            break
        drawn -= weight
    return record_of_qualifier(function, chosen)


lambda_svc._effective_func_record_for_qualifier = weighted_record_of_qualifier

# --- What AWS asks of a function's role without a call of the function. -----------------------------------------------

enforce = iam_evaluator.enforce


def report(access_key, action, resource, allowed):
    principal = iam_evaluator.resolve_principal(access_key, get_account_id())
    if getattr(principal, "type", "") != "AssumedRole":
        return
    role = principal.arn.split("/")[1]
    # One write, so that lines of several threads do not mix.
    line = json.dumps({"role": role, "action": action, "resource": resource, "allowed": allowed})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def reported_enforce(access_key, action, service, region, resource_arn="*", service_context=None):
    context = dict(service_context or {})
    if service == "kms":
        context |= {f"kms:EncryptionContext:{key}": value for key, value in encryption_context.get().items()}
    denied = enforce(access_key, action, service, region, resource_arn=resource_arn, service_context=context)
    report(access_key, action, resource_arn, denied is None)
    return denied


iam_evaluator.enforce = reported_enforce


def is_granted(function, action, resource, reports_use=True):
    """Whether a function's role has a grant, for what AWS itself does in the role's name."""
    config = function.get("config") or function
    access_key = execution_credentials(config)["AWS_ACCESS_KEY_ID"]
    # Apart from the request that is being served, which has a caller of its own.
    question = (access_key, action, action.split(":")[0], get_region(), resource)
    allowed = contextvars.Context().run(enforce, *question) is None
    if reports_use or not allowed:
        report(access_key, action, resource, allowed)
    if not allowed:
        print(f"{config['FunctionName']} is not authorized to perform: {action} on {resource}", flush=True)
    return allowed


# The pollers of an event source work in the role's name.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
all_event_sources, dispatch_batch = lambda_svc._iter_all_esms, lambda_svc._dispatch_esm_batch


def permitted_event_sources():
    for account, region, source in all_event_sources():
        function, _ = lambda_svc._get_func_record_for_qualifier(source["FunctionName"], source.get("Qualifier"))
        arn = source["EventSourceArn"]
        # Each is asked, so that each refusal is reported.
        if all([is_granted(function, action, arn, reports_use=False) for action in POLLING]):
            yield account, region, source


def dispatch_reported_batch(source_id, run, source, function, *rest):
    for action in POLLING:
        is_granted(function, action, source["EventSourceArn"])
    dispatch_batch(source_id, run, source, function, *rest)


# So does what writes a function's log.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
emit_logs = lambda_svc._emit_lambda_logs


def emit_permitted_logs(function, request_id, text, *args, **kwargs):
    # The rest of what functions log is on standard output for some invocations only.
    for line in text.splitlines():
        if "not authorized" in line:
            print(line, flush=True)
    group = (function.get("config") or function)["LoggingConfig"]["LogGroup"]
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:*"
    if all([is_granted(function, action, arn) for action in ("logs:CreateLogStream", "logs:PutLogEvents")]):
        emit_logs(function, request_id, text, *args, **kwargs)



# --- What AWS asks of a function's own policy: who may invoke it. -----------------------------------------------------


def may_invoke(service, source, reference):
    function, config, name = lambda_svc._get_func_record_for_ref(reference)
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=reference,
        region=get_region(),
        service_context={"aws:sourcearn": source},
    )
    decision = iam_evaluator.evaluate_resource_policy(function["policy"], context, service=service).decision
    if decision != "Allow":
        print(f"{service} is not authorized to perform: lambda:InvokeFunction on {name}", flush=True)
    return decision == "Allow"


async def answer_of_permitted_function(integration, api_id, stage, path, method, *args, **kwargs):
    source = f"arn:aws:execute-api:{get_region()}:{get_account_id()}:{api_id}/{stage}/{method}{path}"
    reference = apigateway._extract_lambda_ref_from_integration_uri(integration["integrationUri"])
    if not may_invoke("apigateway.amazonaws.com", source, reference):
        return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
    return await typed_answer(integration, api_id, stage, path, method, *args, **kwargs)


dispatch_to_function = eventbridge._dispatch_to_lambda


def dispatch_to_permitted_function(reference, payload):
    # Of a schedule's event, this is the rule.
    if may_invoke("events.amazonaws.com", json.loads(payload)["resources"][0], reference):
        dispatch_to_function(reference, payload)


if app.AUTH:
    apigateway._invoke_lambda_proxy = answer_of_permitted_function
    eventbridge._dispatch_to_lambda = dispatch_to_permitted_function
    lambda_svc._iter_all_esms = permitted_event_sources
    lambda_svc._dispatch_esm_batch = dispatch_reported_batch
    lambda_svc._emit_lambda_logs = emit_permitted_logs

app.main()
