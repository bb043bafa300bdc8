import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { listenOnLoopback } from '../../local/listen.ts';
import { createAwsProxy, type ProxiedAnswer, type ProxiedCall } from '../../testing/aws-proxy.ts';

/** An emulator whose calls take as long as AWS's. */
export async function startSlowAws(emulatorUrl: string, callMs: number) {
  const server = createAwsProxy(emulatorUrl, async ({ body }, pass) => {
    const [answer] = await Promise.all([pass(body), sleep(callMs)]);
    return answer;
  });
  return { url: await listenOnLoopback(server, 0, ''), close: () => server.close() };
}

const Query = z.object({
  ExpressionAttributeValues: z.record(z.string(), z.looseObject({ S: z.string().optional() })),
});
const Update = z.object({ Key: z.record(z.string(), z.unknown()) });
const Send = z.object({ Entries: z.array(z.object({ Id: z.string() })) });

/** Items as DynamoDB's protocol has them. */
export type WireItem = Record<string, unknown>;

/** As many as `sweep` asks for at most. */
const PAGE = 100;

/**
 * What `sweep` asks, where a delivery is due whenever it looks, and no number of calls is too much: the emulators take fewer
 * than a sweep can make.
 * @param item a delivery that waits
 */
export async function startDueDeliveries(emulatorUrl: string, callMs: number, item: WireItem) {
  let woken = 0;
  function answerTo({ operation, body }: ProxiedCall): object | null {
    const asked: unknown = JSON.parse(body.toString());
    switch (operation) {
      case 'Query': {
        const shard = Query.parse(asked).ExpressionAttributeValues[':pk']?.S ?? '';
        if (!shard.startsWith('DUE#')) return null;
        const { pk, sk, dueAt } = item;
        return { Count: PAGE, Items: Array.from({ length: PAGE }, () => ({ pk, sk, dueAt, duePk: { S: shard } })) };
      }
      case 'UpdateItem':
        return { Attributes: { ...item, ...Update.parse(asked).Key } };
      case 'SendMessageBatch': {
        const { Entries } = Send.parse(asked);
        woken += Entries.length;
        return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' })), Failed: [] };
      }
      default:
        return null;
    }
  }
  const server = createAwsProxy(emulatorUrl, async (call, pass) => {
    const answer = answerTo(call);
    const [given] = await Promise.all([answer === null ? pass(call.body) : answered(answer), sleep(callMs)]);
    return given;
  });
  return { url: await listenOnLoopback(server, 0, ''), woken: () => woken, close: () => server.close() };
}

function answered(answer: object): ProxiedAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: Buffer.from(JSON.stringify(answer)),
  };
}
