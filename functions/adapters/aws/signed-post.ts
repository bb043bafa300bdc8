import type { AwsCredentialIdentity, Provider } from '@smithy/types';
import aws4 from 'aws4';
import { Agent } from 'undici';
import { CONNECTION_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from './client-options.ts';

const agent = new Agent({
  allowH2: false,
  connections: 50,
  // AWS closes idle connections after longer; a stale one would only cost another attempt.
  keepAliveTimeout: 10_000,
  connect: { timeout: CONNECTION_TIMEOUT_MS },
});

/** Whose calls these are: what any client of the SDK knows. */
export interface Caller {
  region: Provider<string>;
  credentials: Provider<AwsCredentialIdentity>;
}

interface SignedPost {
  /** As signatures name it. */
  service: string;
  origin: string;
  contentType: string;
  /** `x-amz-target`: the operation, with the name that its service goes by. */
  target: string;
  body: string;
}

/** One attempt of a call of AWS's JSON protocols, its answer included within the time limit. Rejects if there is no answer. */
export async function postSigned(
  { region, credentials }: Caller,
  { service, origin, contentType, target, body }: SignedPost,
): Promise<{ status: number; text: string }> {
  const { host } = new URL(origin);
  const headers = { host, 'content-type': contentType, 'x-amz-target': target };
  const [inRegion, by] = await Promise.all([region(), credentials()]);
  const signed = aws4.sign({ service, region: inRegion, host, method: 'POST', path: '/', headers, body }, by);
  const answer = await agent.request({
    origin,
    path: '/',
    method: 'POST',
    headers: signed.headers ?? {},
    body,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}
