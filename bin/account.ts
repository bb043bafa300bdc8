import aws4 from 'aws4';
import * as z from 'zod';
import type { Tuning } from '../lib/tuning.ts';

/** What CDK's templates ask for. */
const LEAST_BOOTSTRAP = 6;
/** Lambda leaves no less than this to the functions that reserve nothing. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const NEVER_RESERVED = 100;
/** New tables take 4,000 writes a second and grow with the load, up to this quota. */
const LEAST_TABLE_WRITES = 4_000;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, …/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const QUOTAS = {
  requests: { ServiceCode: 'apigateway', QuotaCode: 'L-8A5B8E43' },
  burst: { ServiceCode: 'apigateway', QuotaCode: 'L-CDF5615A' },
  tableWrites: { ServiceCode: 'dynamodb', QuotaCode: 'L-AB614373' },
};

export interface Finding {
  /** What was looked at, and what it is. */
  fact: string;
  /** What to do before a deployment; null if nothing. */
  change: string | null;
}

interface Request {
  service: string;
  path?: string;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
}

/** What AWS refused, in its own words. */
class Refused extends Error {}

type Ask = (request: Request) => Promise<string>;

export interface Caller {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Of all services; undefined: AWS's own. */
  endpoint?: string | undefined;
}

/** What is to be deployed. */
interface Plan {
  tuning: Tuning;
  /** As Lambda names it. */
  runtime: string;
  stackName: string;
}

/** Looks at what of an account and its region a deployment would run into. Reads only. */
export async function inspectAccount(caller: Caller, { tuning, runtime, stackName }: Plan): Promise<Finding[]> {
  const ask = createAsk(caller);
  const findings = await Promise.all([
    attempt('the caller', () => lookAtCaller(ask, caller.region)),
    attempt('the bootstrap', () => lookAtBootstrap(ask)),
    attempt('the stack', () => lookAtStack(ask, stackName)),
    attempt('the runtime', () => lookAtRuntime(ask, runtime)),
    attempt('Lambda’s concurrency', () => lookAtConcurrency(ask, tuning)),
    attempt('API Gateway’s quotas', () => lookAtGateway(ask, tuning)),
    attempt('DynamoDB’s quotas', () => lookAtTables(ask)),
  ]);
  return findings.flat();
}

/** A look that is refused, or gets no answer, must not hide the others. */
async function attempt(what: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ fact: `${what} could not be looked at`, change: `see why: ${reason.slice(0, 300)}` }];
  }
}

function createAsk({ region, credentials, endpoint }: Caller): Ask {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return async ({ service, path = '/', method = 'POST', headers = {}, body = '' }) => {
    const url = new URL(path, endpoint ?? `https://${service}.${region}.${suffix}`);
    const request = { service, region, method, host: url.host, path, headers, body };
    const signed = Object.entries(aws4.sign(request, credentials).headers ?? {});
    const response = await fetch(url, {
      method,
      headers: signed.map(([name, value]): [string, string] => [name, String(value)]),
      ...(method === 'POST' && { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Refused(text);
    return text;
  };
}

function askJson(ask: Ask, service: string, target: string, input: object): Promise<unknown> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return ask({ service, headers, body: JSON.stringify(input) }).then((text) => JSON.parse(text));
}

/** Of a service that answers in XML. */
function askQuery(ask: Ask, service: string, parameters: Record<string, string>): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return ask({ service, headers, body: new URLSearchParams(parameters).toString() });
}

async function lookAtCaller(ask: Ask, region: string): Promise<Finding> {
  const text = await askQuery(ask, 'sts', { Action: 'GetCallerIdentity', Version: '2011-06-15' });
  const account = /<Account>(\d+)</.exec(text)?.[1] ?? 'of an unknown id';
  return { fact: `account ${account}, region ${region}`, change: null };
}

/**
 * `cdk deploy` protects a stack before it makes it. If making it fails, the next `cdk deploy` wants to delete what is left of it, which
 * the protection forbids.
 */
async function lookAtStack(ask: Ask, StackName: string): Promise<Finding> {
  try {
    const text = await askQuery(ask, 'cloudformation', { Action: 'DescribeStacks', Version: '2010-05-15', StackName });
    const status = /<StackStatus>(\w+)</.exec(text)?.[1] ?? 'of an unknown status';
    const isStuck = /^ROLLBACK_(COMPLETE|FAILED)$/.test(status) && /<EnableTerminationProtection>true</.test(text);
    return {
      fact: `the stack ${StackName} is ${status}`,
      change: isStuck
        ? `its first deployment failed, and its protection keeps the next from replacing it: run aws cloudformation update-termination-protection --stack-name ${StackName} --no-enable-termination-protection`
        : null,
    };
  } catch (error) {
    if (!(error instanceof Refused && error.message.includes('does not exist'))) throw error;
    return { fact: `there is no stack ${StackName} yet`, change: null };
  }
}

const AccountSettings = z.object({
  AccountLimit: z.object({ ConcurrentExecutions: z.int(), UnreservedConcurrentExecutions: z.int() }),
});

async function lookAtConcurrency(ask: Ask, { accountConcurrency, functions }: Tuning): Promise<Finding[]> {
  const text = await ask({ service: 'lambda', method: 'GET', path: '/2016-08-19/account-settings' });
  const { ConcurrentExecutions: most, UnreservedConcurrentExecutions: free } = AccountSettings.parse(
    JSON.parse(text),
  ).AccountLimit;
  const reserved = Object.values(functions).reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
  return [
    {
      fact: `Lambda runs ${most} functions at the same time`,
      change:
        most >= accountConcurrency
          ? null
          : `deploy with -c accountConcurrency=${most}, or ask for ${accountConcurrency} first: Service Quotas, AWS Lambda, "Concurrent executions" (L-B99A9384)`,
    },
    {
      fact: `${free} of them are not reserved; the stack reserves ${reserved}`,
      change:
        reserved === 0 || free - reserved >= NEVER_RESERVED
          ? null
          : `free ${NEVER_RESERVED - free + reserved} from other functions' reserved concurrency, or ask for more: Lambda refuses to leave less than ${NEVER_RESERVED}`,
    },
  ];
}

/** Lambda refuses a filter by a runtime that the region does not have. */
async function lookAtRuntime(ask: Ask, runtime: string): Promise<Finding> {
  const path = `/2018-10-31/layers?CompatibleRuntime=${runtime}&MaxItems=1`;
  try {
    await ask({ service: 'lambda', method: 'GET', path });
    return { fact: `the region has the runtime ${runtime}`, change: null };
  } catch (error) {
    if (!(error instanceof Refused && error.message.includes('compatibleRuntime'))) throw error;
    return { fact: `the region does not have the runtime ${runtime}`, change: 'choose another region' };
  }
}

const Parameter = z.object({ Parameter: z.object({ Value: z.coerce.number() }) });

async function lookAtBootstrap(ask: Ask): Promise<Finding> {
  const change = 'run npx cdk bootstrap';
  try {
    const input = { Name: '/cdk-bootstrap/hnb659fds/version' };
    const { Value } = Parameter.parse(await askJson(ask, 'ssm', 'AmazonSSM.GetParameter', input)).Parameter;
    return { fact: `bootstrapped for CDK, version ${Value}`, change: Value >= LEAST_BOOTSTRAP ? null : change };
  } catch (error) {
    if (!(error instanceof Refused && error.message.includes('ParameterNotFound'))) throw error;
    return { fact: 'not bootstrapped for CDK', change };
  }
}

const Quota = z.object({ Quota: z.object({ Value: z.number() }) });

/** A quota that was never changed for the account has no value of its own there. */
async function readQuota(ask: Ask, quota: (typeof QUOTAS)[keyof typeof QUOTAS]): Promise<number> {
  const read = async (action: string): Promise<number> =>
    Quota.parse(await askJson(ask, 'servicequotas', `ServiceQuotasV20190624.${action}`, quota)).Quota.Value;
  try {
    return await read('GetServiceQuota');
  } catch (error) {
    if (!(error instanceof Refused && error.message.includes('NoSuchResourceException'))) throw error;
    return read('GetAWSDefaultServiceQuota');
  }
}

async function lookAtGateway(ask: Ask, { throttleRate, throttleBurst }: Tuning): Promise<Finding[]> {
  const [requests, burst] = await Promise.all([readQuota(ask, QUOTAS.requests), readQuota(ask, QUOTAS.burst)]);
  return [
    {
      fact: `API Gateway takes ${requests} requests a second for all APIs of the account; throttleRate is ${throttleRate}`,
      change:
        requests >= throttleRate
          ? null
          : `deploy with -c throttleRate=${requests}, or ask for more: Service Quotas, Amazon API Gateway, "Throttle rate" (${QUOTAS.requests.QuotaCode})`,
    },
    {
      fact: `and bursts of ${burst}; throttleBurst is ${throttleBurst}`,
      change: burst >= throttleBurst ? null : `deploy with -c throttleBurst=${burst}: AWS raises it with the rate`,
    },
  ];
}

async function lookAtTables(ask: Ask): Promise<Finding> {
  const writes = await readQuota(ask, QUOTAS.tableWrites);
  return {
    fact: `a DynamoDB table may take ${writes} writes a second: a first attempt that succeeds is one, a retry three`,
    change:
      writes >= LEAST_TABLE_WRITES
        ? null
        : `ask for the usual 40,000: Service Quotas, Amazon DynamoDB, "Table-level write throughput limit" (${QUOTAS.tableWrites.QuotaCode})`,
  };
}
