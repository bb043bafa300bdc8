import { HttpRequest } from '@smithy/core/protocols';
import type { MiddlewareStack } from '@smithy/types';
import { type Caller, postSigned } from './signed-post.ts';

/*
 * The four calls that every batch makes, without the SDK's middleware, which costs most of their CPU
 * (docs/decisions/005-lean-calls.md). One attempt, no more: whatever is not a plain success is left to the SDK, with its
 * retries and its errors.
 */

/** The answer's JSON. Null: the call failed, or its answer was lost; what may be repeated is left to the SDK then. */
export type LeanCall = (operation: string, input: unknown) => Promise<unknown>;

const SERVICES = {
  dynamodb: { contentType: 'application/x-amz-json-1.0', target: 'DynamoDB_20120810' },
  sqs: { contentType: 'application/x-amz-json-1.0', target: 'AmazonSQS' },
} as const;

/** What a lean caller needs of a client of the SDK. */
interface SdkClient<Input extends object, Output extends object> {
  config: Caller;
  middlewareStack: MiddlewareStack<Input, Output>;
}

/** @param client whose credentials, region and endpoint count; its own first call tells the endpoint */
export function createLeanCall<Input extends object, Output extends object>(
  client: SdkClient<Input, Output>,
  service: keyof typeof SERVICES,
): LeanCall {
  const { contentType, target } = SERVICES[service];
  let origin: string | undefined;
  client.middlewareStack.add(
    (next) => (args) => {
      if (origin === undefined && HttpRequest.isInstance(args.request)) {
        const { protocol, hostname, port } = args.request;
        origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
      }
      return next(args);
    },
    { step: 'finalizeRequest', name: `lean-${service}` },
  );

  return async (operation, input) => {
    if (origin === undefined) return null;
    try {
      const call = { service, origin, contentType, target: `${target}.${operation}`, body: JSON.stringify(input) };
      const { status, text } = await postSigned(client.config, call);
      return status === 200 ? JSON.parse(text) : null;
    } catch {
      // The SDK's own attempt will succeed, or say what is wrong.
      return null;
    }
  };
}
