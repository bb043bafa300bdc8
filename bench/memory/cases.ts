import type { FunctionName } from '../../functions/names.ts';
import { batchOf, requestOf, SCHEDULED_EVENT } from '../../testing/lambda-events.ts';
import { exampleData } from '../example-event.ts';
import type { System } from './system.ts';

/** A typical invocation of a function. */
export interface Case {
  name: FunctionName;
  about: string;
  /** An event that the function has not seen. */
  event(): Promise<unknown>;
}

const TENANT = 'company';
const BATCH = 10;
const BYTES = 1_024;

let made = 0;
const eventBody = (tenantId: string) => {
  made += 1;
  return { tenantId, type: 'employee.updated', data: exampleData(`memory-${made}`, BYTES) };
};

/** In an order in which each finds what the earlier ones have left: what `ingest` queues, `deliver` takes. */
export async function createCases(system: System): Promise<Case[]> {
  const one = await system.subscribe(TENANT, 200);
  const { adminKey } = system;
  const events = async (count: number) => {
    const messages = Array.from({ length: count }, () => ({
      MessageId: `m-${made}`,
      Body: JSON.stringify(eventBody(TENANT)),
    }));
    return batchOf(messages, 'arn:aws:sqs:us-east-1:000000000000:events');
  };
  const deliveries = async (count: number) =>
    batchOf(await system.take('deliveries', count), system.queueArn('deliveries'));
  return [
    {
      name: 'api',
      about: 'takes an event',
      async event() {
        const { type, data } = eventBody(TENANT);
        return requestOf('POST', `/v1/tenants/${TENANT}/events`, adminKey, { type, data });
      },
    },
    { name: 'ingest', about: 'ten events', event: () => events(BATCH) },
    { name: 'ingest', about: 'one event', event: () => events(1) },
    { name: 'deliver', about: 'ten first attempts', event: () => deliveries(BATCH) },
    { name: 'deliver', about: 'one first attempt', event: () => deliveries(1) },
    { name: 'api', about: 'lists 50 deliveries', event: async () => requestOf('GET', `${one}/deliveries`, adminKey) },
    { name: 'sweep', about: 'finds nothing due', event: async () => SCHEDULED_EVENT },
    {
      name: 'jobs',
      about: `a page of a replay`,
      async event() {
        await system.purge('jobs');
        const from = new Date(Date.now() - 3_600_000).toISOString();
        await system.api(`${one}/replays`, { from, status: 'all' });
        return batchOf(await system.take('jobs', 1), system.queueArn('jobs'));
      },
    },
    { name: 'console', about: 'its page', event: async () => requestOf('GET', '/console', null) },
    { name: 'canary', about: 'publishes', event: async () => SCHEDULED_EVENT },
  ];
}
