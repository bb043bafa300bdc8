import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { ENV } from '../functions/names.ts';
import { startRunner } from '../testing/runner-process.ts';

/** The system under test: the one-machine runner, over emulators that are not its own. */
export interface Posthorn {
  eventsQueueUrl: string;
  handlersPid(): number;
  /** Bytes that the functions have logged so far. */
  logBytes(): number;
  /** As the template has them. */
  memoryMib: number;
  retentionDays: number;
  subscribe(tenant: string, url: string, eventTypes: string[], filter?: object): Promise<Subscription>;
  /** How many deliveries of a subscription are on record, and how many of them as succeeded. */
  countRecorded(subscription: Subscription): Promise<{ recorded: number; succeeded: number }>;
}

export interface Subscription {
  tenant: string;
  id: string;
}

const Page = z.object({ data: z.array(z.object({ status: z.string() })), nextCursor: z.string().nullable() });

/** @param undo takes what ends it, also if it is still starting then */
export async function startPosthorn(
  stateDir: string,
  aws: { sqs: string; dynamodb: string },
  undo: (() => unknown)[],
): Promise<Posthorn> {
  const starting = startRunner({ state: stateDir, aws });
  undo.push(() =>
    starting.then(
      ({ stop }) => stop(),
      () => {},
    ),
  );
  const { endpoints, handlersPid } = await starting;
  const { apiUrl, adminKey, eventsQueueUrl } = endpoints;

  async function api(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${apiUrl}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  return {
    eventsQueueUrl,
    handlersPid,
    logBytes: () => statSync(`${stateDir}/handlers.log`).size,
    ...readTemplate(`${stateDir}/cdk.out/one-machine.json`),
    async subscribe(tenant, url, eventTypes, filter) {
      const created = await api('POST', `/tenants/${tenant}/subscriptions`, { url, eventTypes, filter });
      return { tenant, id: z.object({ id: z.string() }).parse(created).id };
    },
    async countRecorded({ tenant, id }) {
      let recorded = 0;
      let succeeded = 0;
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const answer = await api('GET', `/tenants/${tenant}/subscriptions/${id}/deliveries?limit=100${after}`);
        const page: z.infer<typeof Page> = Page.parse(answer);
        recorded += page.data.length;
        succeeded += page.data.filter(({ status }) => status === 'succeeded').length;
        cursor = page.nextCursor;
      }
      return { recorded, succeeded };
    },
  };
}

const Template = z.object({
  content: z.object({
    Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })),
  }),
});
const FunctionProperties = z.object({
  MemorySize: z.number(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});
/** What works for a delivery. The bill takes the larger memory of the two for both. */
const SERVICES: unknown[] = ['posthorn-ingest', 'posthorn-deliver'];

function readTemplate(file: string): Pick<Posthorn, 'memoryMib' | 'retentionDays'> {
  const { Resources } = Template.parse(JSON.parse(readFileSync(file, 'utf8'))).content;
  const functions = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => FunctionProperties.safeParse(Properties).data)
    .filter((found) => SERVICES.includes(found?.Environment.Variables.POWERTOOLS_SERVICE_NAME));
  return {
    memoryMib: Math.max(...functions.map((found) => found?.MemorySize ?? 0)),
    retentionDays: Number(functions[0]?.Environment.Variables[ENV.journalRetentionDays]),
  };
}
