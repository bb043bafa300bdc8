import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { createSqsClient } from '../testing/queues.ts';
import type { Posthorn } from './posthorn.ts';

export const HOSTILE_TENANT = 'hostile';
const SUBSCRIPTIONS = 300;
const EVENTS = 3;

/** Near to the most steps that a filter may take, over an event of nearly 200 KB. Nothing matches, so nothing is delivered. */
const FILTER = { $or: Array.from({ length: 20 }, (_, at) => ({ data: { items: { name: [`none ${at}`] } } })) };
const DATA = { items: Array.from({ length: 65_000 }, () => ({})) };

export async function subscribeHostileTenant(posthorn: Posthorn, url: string): Promise<void> {
  for (let index = 0; index < SUBSCRIPTIONS; index += 1) {
    await posthorn.subscribe(HOSTILE_TENANT, `${url}/${HOSTILE_TENANT}/${index}`, ['*'], FILTER);
  }
}

export async function publishHostileEvents(endpoint: string, queueUrl: string): Promise<void> {
  const sqs = createSqsClient(endpoint);
  const MessageBody = JSON.stringify({ tenantId: HOSTILE_TENANT, type: 'hostile.event', data: DATA });
  for (let count = 0; count < EVENTS; count += 1)
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, MessageGroupId: HOSTILE_TENANT }));
  sqs.destroy();
}
