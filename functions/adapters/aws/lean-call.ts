import { HttpRequest } from '@smithy/core/protocols';
import type { AwsCredentialIdentity, MiddlewareStack, Provider } from '@smithy/types';
import { sign } from 'aws4';
import { Agent } from 'undici';
import { CONNECTION_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './client-options.ts';

/*
 * The four calls that every batch makes, without the SDK's middleware, which costs most of their CPU
 * (docs/decisions/005-lean-calls.md). One attempt, no more: whatever is not a plain success is left to the SDK, with its
 * retries and its errors.
 */

/** The answer's JSON. Null: the call failed, or its answer was lost; what may be repeated is left to the SDK then. */
export type LeanCall = (operation: string, input: unknown) => Promise<unknown>;

const agent = new Agent({
  allowH2: false,
  connections: 50,
  // AWS closes idle connections after longer; a stale one would only cost the SDK's attempt.
  keepAliveTimeout: 10_000,
  connect: { timeout: CONNECTION_TIMEOUT_MS },
});

const SERVICES = {
  dynamodb: { contentType: 'application/x-amz-json-1.0', target: 'DynamoDB_20120810' },
  sqs: { contentType: 'application/x-amz-json-1.0', target: 'AmazonSQS' },
} as const;

/** What a lean caller needs of a client of the SDK. */
interface SdkClient<Input extends object, Output extends object> {
  config: {
    region: Provider<string>;
    credentials: Provider<AwsCredentialIdentity>;
  };
  middlewareStack: MiddlewareStack<Input, Output>;
}

/** @param client whose credentials, region and endpoint count; its own first call tells the endpoint */
export function createLeanCall<Input extends object, Output extends object>(
  client: SdkClient<Input, Output>,
  service: keyof typeof SERVICES,
): LeanCall {
  const { contentType, target } = SERVICES[service];
  let endpoint: { origin: string; host: string } | undefined;
  client.middlewareStack.add(
    (next) => (args) => {
      if (endpoint === undefined && HttpRequest.isInstance(args.request)) {
        const { protocol, hostname, port } = args.request;
        const host = port === undefined ? hostname : `${hostname}:${port}`;
        endpoint = { origin: `${protocol}//${host}`, host };
      }
      return next(args);
    },
    { step: 'finalizeRequest', name: `lean-${service}` },
  );

  return async (operation, input) => {
    if (endpoint === undefined) return null;
    const { origin, host } = endpoint;
    try {
      const body = JSON.stringify(input);
      const headers = { host, 'content-type': contentType, 'x-amz-target': `${target}.${operation}` };
      const [region, credentials] = await Promise.all([client.config.region(), client.config.credentials()]);
      const signed = sign({ service, region, host, method: 'POST', path: '/', headers, body }, credentials);
      const answer = await agent.request({
        origin,
        path: '/',
        method: 'POST',
        headers: signed.headers ?? {},
        body,
        // The answer's body included. Past this the SDK makes the call.
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const text = await answer.body.text();
      return answer.statusCode === 200 ? JSON.parse(text) : null;
    } catch {
      // The SDK's own attempt will succeed, or say what is wrong.
      return null;
    }
  };
}
