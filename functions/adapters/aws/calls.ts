import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { AWS_TIME_SCALE } from '../../names.ts';
import { type Place, type PostAnswer, post as postOnce } from './post.ts';
import { createSigner } from './signer.ts';

/*
 * Calls of AWS's JSON protocols without the SDK, whose middleware costs most of a call's CPU and whose clients fill most of a
 * bundle (docs/decisions/020-calls-without-the-sdk.md).
 */

/**
 * A call of one service. Gives the answer's JSON, or rejects with an `AwsError`. A call whose answer was lost is repeated: it can
 * have its effect twice.
 */
export type AwsCall = (operation: string, input: unknown, options?: CallOptions) => Promise<unknown>;

export interface CallOptions {
  /** How often it is tried at most. */
  tries?: number;
  /** False: a call whose answer was lost rejects at once. Whoever repeats it looks first at what it did. */
  repeatsLost?: boolean;
}

interface Service {
  /** As signatures and addresses name it. */
  name: string;
  contentType: string;
  /** What its operations' names begin with in `x-amz-target`. */
  target: string;
  /** What names its address in the environment, as in the SDK. */
  variable: string;
  tries: number;
}

const SERVICES = {
  dynamodb: json('dynamodb', '1.0', 'DynamoDB_20120810', 'DYNAMODB', 6),
  sqs: json('sqs', '1.0', 'AmazonSQS', 'SQS', 6),
  kms: json('kms', '1.1', 'TrentService', 'KMS', 3),
  secretsManager: json('secretsmanager', '1.1', 'secretsmanager', 'SECRETS_MANAGER', 3),
  eventBridge: json('events', '1.1', 'AWSEvents', 'EVENTBRIDGE', 1),
};

function json(name: string, version: string, target: string, variable: string, tries: number): Service {
  return { name, contentType: `application/x-amz-json-${version}`, target, variable, tries };
}

/** A call that AWS refused, or that got no answer, as often as it was tried. */
export class AwsError extends Error {
  /** As AWS names it; `TimeoutError` without an answer. */
  override readonly name: string;
  /** Null without an answer. */
  readonly status: number | null;
  readonly requestId: string | null;

  constructor(name: string, message: string, status: number | null, requestId: string | null, cause?: unknown) {
    super(message, { cause });
    this.name = name;
    this.status = status;
    this.requestId = requestId;
  }
}

/** Whether it is not known if the call had its effect. */
export function isAnswerLost(error: unknown): boolean {
  return error instanceof AwsError && retryOf(error) === 'failed';
}

export function isAwsError(error: unknown, name: string): boolean {
  return error instanceof AwsError && error.name === name;
}

/** Whose calls these are, and where they go. Without it the environment says so, as Lambda sets it. */
export interface Account {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  endpoint: () => string;
}

const scale = Number(process.env[AWS_TIME_SCALE] ?? '1');

/** One try, connecting and the whole answer included; most are over within 10 ms. A function has 30 seconds in all. */
export const TRY_MS = 3_000 * scale;
/** No try begins later after the first. */
const LAST_TRY_AFTER_MS = 10_000 * scale;
const PAUSE_MS = 50;
const THROTTLED_PAUSE_MS = 400;
const MAX_PAUSE_MS = 4_000;

export function createCalls(service: keyof typeof SERVICES, account?: Account, post = postOnce): AwsCall {
  const { name, contentType, target, variable, tries: usual } = SERVICES[service];
  const credentials = account?.credentials;
  const sign = createSigner();
  let known: { endpoint: string; region: string; place: Place; host: string } | null = null;

  function whereTo() {
    const region = account?.region ?? process.env.AWS_REGION ?? '';
    const endpoint = account?.endpoint() ?? endpointOf(name, variable, region);
    if (known?.endpoint !== endpoint) {
      const { protocol, hostname, port, host } = new URL(endpoint);
      known = { endpoint, region, place: { protocol: Protocol.parse(protocol), hostname, port }, host };
    }
    return known;
  }

  async function tryOnce(operation: string, body: string): Promise<unknown> {
    const { region, place, host } = whereTo();
    const headers = { host, 'content-type': contentType, 'x-amz-target': `${target}.${operation}` };
    const request = { service: name, region, host, method: 'POST', path: '/', headers, body };
    const { headers: signed } = sign(request, credentials);
    let answer: PostAnswer;
    try {
      answer = await post(place, SignedHeaders.parse(signed), body, TRY_MS);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AwsError('TimeoutError', `${service} did not answer ${operation}: ${reason}`, null, null, error);
    }
    if (answer.status !== 200) throw refusalOf(operation, answer);
    return answer.text === '' ? {} : JSON.parse(answer.text);
  }

  return async (operation, input, { tries = usual, repeatsLost = true } = {}) => {
    const body = JSON.stringify(input);
    const began = performance.now();
    for (let number = 1; ; number += 1) {
      try {
        return await tryOnce(operation, body);
      } catch (error) {
        const kind = error instanceof AwsError ? retryOf(error) : null;
        if (kind === null || (kind === 'failed' && !repeatsLost)) throw error;
        if (number >= tries || performance.now() - began > LAST_TRY_AFTER_MS) throw error;
        const longest = (kind === 'throttled' ? THROTTLED_PAUSE_MS : PAUSE_MS) * 2 ** (number - 1);
        await sleep(Math.min(longest, MAX_PAUSE_MS) * Math.random());
      }
    }
  };
}

const Protocol = z.enum(['http:', 'https:']);
const SignedHeaders = z.custom<Record<string, string | number>>((value) => typeof value === 'object');

function endpointOf(name: string, variable: string, region: string): string {
  const { env } = process;
  return env[`AWS_ENDPOINT_URL_${variable}`] ?? env.AWS_ENDPOINT_URL ?? `https://${name}.${region}.${suffixOf(region)}`;
}

function suffixOf(region: string): string {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  return region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
}

const Refused = z
  .object({ __type: z.string().optional(), message: z.string().optional(), Message: z.string().optional() })
  .catch({});

function refusalOf(operation: string, { status, text, requestId }: PostAnswer): AwsError {
  const { __type: type = '', message, Message } = Refused.parse(parseJson(text));
  const name = type.split('#').at(-1)?.split(':')[0] ?? '';
  const reason = message ?? Message ?? `${operation} was answered with status ${status}`;
  return new AwsError(name === '' ? 'UnknownError' : name, reason, status, requestId);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Null: to try again would change nothing. */
function retryOf({ name, status }: AwsError): 'throttled' | 'failed' | null {
  if (THROTTLED.has(name) || status === 429) return 'throttled';
  return status === null || status >= 500 ? 'failed' : null;
}
