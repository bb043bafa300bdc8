import { cpSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteMessageBatchCommand, type Message, PurgeQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { ENV, type FunctionName } from '../../functions/names.ts';
import { listenOnLoopback } from '../../local/listen.ts';
import { readPlan } from '../../local/plan.ts';
import type { FunctionSpec } from '../../local/resources/functions/handler-protocol.ts';
import { functionEnvironment, startRunner } from '../../local/runner.ts';
import { type SynthesisedTemplate, synthesisePosthorn } from '../../local/template/synth.ts';
import { callApi } from '../../testing/call-api.ts';
import { CREDENTIALS, createSqsClient } from '../../testing/queues.ts';
import { startSlowAws, type WireItem } from './slow-aws.ts';

export type QueueName = 'deliveries' | 'jobs';

export type System = Awaited<ReturnType<typeof startSystem>>;

const Resources = z.looseObject({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
const INVOKES = /^AWS::(Lambda::EventSourceMapping|Events::Rule)$/;
const QUEUE_VARIABLES = { deliveries: ENV.deliveriesQueueUrl, jobs: ENV.jobsQueueUrl };

/** The last assembly, taken again if nothing has changed that it was made from: its bundles take seconds. */
const ASSEMBLY = fileURLToPath(new URL('../../node_modules/.cache/posthorn-idle-assembly', import.meta.url));

/** The stack's tables, queues and API on this machine, in which nothing runs unless it is invoked. */
export async function startSystem(dir: string, { callMs, receiverMs }: { callMs: number; receiverMs: number }) {
  let template: SynthesisedTemplate = { stackName: '', content: {} };
  const runner = await startRunner(
    {
      stateDir: dir,
      fresh: true,
      ports: { api: 0, receiver: 0, sqs: 0, dynamodb: 0 },
      context: { canary: 'true' },
    },
    {
      say: () => {},
      onDeath(error) {
        throw error;
      },
      async synthesise(assemblyDir, context) {
        const { stackName, content } = await synthesisePosthorn(ASSEMBLY, context);
        cpSync(ASSEMBLY, assemblyDir, { recursive: true });
        const parsed = Resources.parse(content);
        const kept = Object.entries(parsed.Resources).filter(([, { Type }]) => !INVOKES.test(Type));
        template = { stackName, content: { ...parsed, Resources: Object.fromEntries(kept) } };
        return template;
      },
    },
  );
  const { apiUrl, adminKey, sqsEndpoint, dynamodbEndpoint, clockUrl } = runner.endpoints;
  const plan = readPlan(template.content, {
    stackName: template.stackName,
    assemblyDir: join(dir, 'cdk.out'),
    sqsEndpoint,
    apiUrl,
  });
  const slow = { sqs: await startSlowAws(sqsEndpoint, callMs), dynamodb: await startSlowAws(dynamodbEndpoint, callMs) };
  const environment = functionEnvironment({
    sqsEndpoint: slow.sqs.url,
    dynamodbEndpoint: slow.dynamodb.url,
    controlUrl: new URL(clockUrl).origin,
  });
  const receiver = createServer(async (request, response) => {
    request.resume();
    await sleep(receiverMs);
    response.writeHead(request.url?.startsWith('/500') ? 500 : 200).end('{"ok":true}');
  });
  const receiverUrl = await listenOnLoopback(receiver, 0, '');
  const sqs = createSqsClient(sqsEndpoint);
  const dynamodb = new DynamoDBClient({ ...CREDENTIALS, endpoint: dynamodbEndpoint });

  /** As the template has it, for calls that take as long as AWS's. */
  function functionOf(name: FunctionName): FunctionSpec {
    const found = plan.functions.find(({ env }) => env.POWERTOOLS_SERVICE_NAME === `posthorn-${name}`);
    if (found === undefined) throw new Error(`The template has no function ${name}`);
    return { ...found, env: { ...environment, ...found.env } };
  }
  const queueUrl = (queue: QueueName): string =>
    functionOf('api').env[QUEUE_VARIABLES[queue]] ?? functionOf('ingest').env[QUEUE_VARIABLES[queue]] ?? '';

  const api = (path: string, body: object) => callApi(runner.endpoints, 'POST', path, body);

  return {
    adminKey,
    functionOf,
    dynamodbEndpoint,
    api,
    /** Makes a subscription to a receiver that answers so after its time; gives its path. */
    async subscribe(tenant: string, status: 200 | 500) {
      const body = { url: `${receiverUrl}/${status}/${tenant}`, eventTypes: ['*'] };
      const path = `/v1/tenants/${tenant}/subscriptions`;
      const { id } = z.object({ id: z.string() }).parse(await api(path, body));
      return `${path}/${id}`;
    },
    /** Takes so many messages off a queue. */
    async take(queue: QueueName, count: number) {
      const taken: Message[] = [];
      while (taken.length < count) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl(queue),
            MaxNumberOfMessages: Math.min(10, count - taken.length),
            MessageSystemAttributeNames: ['All'],
          }),
        );
        if (Messages.length === 0)
          throw new Error(`The queue of ${queue} has only ${taken.length} of ${count} messages`);
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl(queue), Entries }));
        taken.push(...Messages);
      }
      return taken;
    },
    async purge(queue: QueueName) {
      await sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl(queue) }));
    },
    queueArn: (queue: QueueName) => plan.queues.find(({ ref }) => ref === queueUrl(queue))?.arn ?? '',
    /** A delivery that waits for its next attempt, as it is stored. */
    async waitingDelivery(): Promise<WireItem> {
      const TableName = functionOf('sweep').env[ENV.journalTable];
      const FilterExpression = 'attribute_exists(duePk) AND begins_with(pk, :delivery)';
      const ExpressionAttributeValues = { ':delivery': { S: 'S#' } };
      const { Items = [] } = await dynamodb.send(
        new ScanCommand({ TableName, FilterExpression, ExpressionAttributeValues }),
      );
      const [item] = Items;
      if (item === undefined) throw new Error('No delivery waits');
      return item;
    },
    async stop() {
      for (const { close } of Object.values(slow)) close();
      receiver.closeAllConnections();
      receiver.close();
      sqs.destroy();
      dynamodb.destroy();
      await runner.stop();
    },
  };
}
