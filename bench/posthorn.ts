import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ENV } from '../functions/names.ts';
import { readPlan } from '../local/plan.ts';
import { callApi } from '../testing/call-api.ts';
import { startRunner } from '../testing/runner-process.ts';

export type Posthorn = Awaited<ReturnType<typeof startPosthorn>>;

export interface Subscription {
  tenant: string;
  id: string;
}

const Job = z.object({ id: z.string(), status: z.string() });
const Page = z.object({ data: z.array(z.object({ status: z.string() })), nextCursor: z.string().nullable() });

/**
 * The system under test: the one-machine runner, over emulators that are not its own.
 * @param undo takes what ends it, also if it is still starting then
 */
export async function startPosthorn(stateDir: string, aws: { sqs: string; dynamodb: string }, undo: (() => unknown)[]) {
  // In Lambda functions have V8's own rules; those of `npm start` save memory on one machine, for a quarter more CPU.
  const starting = startRunner({ state: stateDir, aws, v8Flags: [] });
  undo.push(() =>
    starting.then(
      ({ stop }) => stop(),
      () => {},
    ),
  );
  const { endpoints, handlersPid } = await starting;
  const { eventsQueueUrl } = endpoints;

  const api = (method: string, path: string, body?: object) => callApi(endpoints, method, `/v1${path}`, body);

  return {
    eventsQueueUrl,
    handlersPid,
    /** What the functions have logged so far. */
    logBytes: () => statSync(`${stateDir}/handlers.log`).size,
    ...readTemplate(`${stateDir}/cdk.out`),
    async subscribe(tenant: string, url: string, eventTypes: string[], filter?: object): Promise<Subscription> {
      const created = await api('POST', `/tenants/${tenant}/subscriptions`, { url, eventTypes, filter });
      return { tenant, id: z.object({ id: z.string() }).parse(created).id };
    },
    /** Resolves once its subscriptions are gone, too. */
    async deleteTenant(tenant: string) {
      let job = Job.nullable().parse(await api('DELETE', `/tenants/${tenant}`));
      while (job?.status === 'running') {
        await sleep(100);
        job = Job.parse(await api('GET', `/jobs/${job.id}`));
      }
      if (job !== null && job.status !== 'done') throw new Error(`The deletion of ${tenant} ended as ${job.status}`);
    },
    /** How many deliveries of a subscription are on record as succeeded. */
    async countSucceeded({ tenant, id }: Subscription) {
      let succeeded = 0;
      for (let cursor: string | null = ''; cursor !== null; ) {
        const after = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const answer = await api('GET', `/tenants/${tenant}/subscriptions/${id}/deliveries?limit=100${after}`);
        const page: z.infer<typeof Page> = Page.parse(answer);
        succeeded += page.data.filter(({ status }) => status === 'succeeded').length;
        cursor = page.nextCursor;
      }
      return succeeded;
    },
  };
}

const Template = z.object({ stackName: z.string(), content: z.unknown() });
/** What works for a delivery. The bill takes the larger memory of the two for both. */
const SERVICES = ['posthorn-ingest', 'posthorn-deliver'];

/** As the template has them. */
function readTemplate(assemblyDir: string) {
  const { stackName, content } = Template.parse(JSON.parse(readFileSync(`${assemblyDir}/one-machine.json`, 'utf8')));
  const plan = readPlan(content, { stackName, assemblyDir, sqsEndpoint: '', apiUrl: '' });
  const functions = plan.functions.filter(({ env }) => SERVICES.includes(env.POWERTOOLS_SERVICE_NAME ?? ''));
  return {
    memoryMib: Math.max(...functions.map(({ memoryMb }) => memoryMb)),
    retentionDays: Number(functions[0]?.env[ENV.journalRetentionDays]),
  };
}
