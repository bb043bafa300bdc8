/** The least that sending webhooks can cost: undici's POST and an HMAC over kept connections. */
import { createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { answerParent } from './child.ts';
import { inParallel } from './pace.ts';

export interface BareLoopQuestion {
  url: string;
  requests: number;
  body: string;
  /** 1 is a plain loop: the next request when the last one is answered. */
  inFlight: number;
}

const dispatcher = new Agent({ allowH2: false });
const key = Buffer.from('a secret of thirty-two bytes, ok');

answerParent(async ({ url, requests, body, inFlight }: BareLoopQuestion): Promise<{ seconds: number }> => {
  const startedAt = performance.now();
  await inParallel(requests, inFlight, () => post(url, body));
  return { seconds: (performance.now() - startedAt) / 1000 };
});

async function post(url: string, body: string): Promise<void> {
  const id = `evt_${randomUUID()}`;
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const answer = await request(url, {
    method: 'POST',
    dispatcher,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'bench',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  });
  await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`the receiver answered ${answer.statusCode}`);
}
