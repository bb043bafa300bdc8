import * as z from 'zod';
import { QUEUE_NAMES, type Queues } from '../../core/operations/queues.ts';
import { routesOf } from '../http/route.ts';
import { Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Operations', 'company');

const QueueName = z.enum(QUEUE_NAMES);

export const DeadLettersView = z
  .object({
    queues: z.array(
      z.object({
        name: QueueName,
        count: z.int().meta({ description: 'About how many there are: SQS counts with a delay of up to a minute.' }),
        oldestSentAt: Timestamp.nullable().meta({ description: 'Of the messages that are shown.' }),
        messages: z
          .array(z.object({ messageId: z.string(), sentAt: Timestamp, body: z.string(), bodyTruncated: z.boolean() }))
          .meta({ description: 'Up to ten of them. They stay where they are.' }),
      }),
    ),
  })
  .meta({ id: 'DeadLetters' });
const deadLettersView = viewOf(DeadLettersView);

export const RedrivenView = z
  .object({
    queues: z.array(
      z.object({
        name: QueueName,
        moved: z.int(),
        isEmpty: z.boolean().meta({ description: 'False if time ran out before the last: send the request again.' }),
      }),
    ),
  })
  .meta({ id: 'Redriven' });

/** API Gateway ends a request after 30 seconds. */
const REDRIVE_MS = 15_000;

export interface DeadLetterRouteDeps {
  queues: Pick<Queues, 'measureDeadLetters' | 'peekDeadLetters' | 'redriveDeadLetters'>;
  now: () => number;
}

export const createDeadLetterRoutes = ({ queues, now }: DeadLetterRouteDeps) => [
  route('GET', '/v1/dead-letters', {
    id: 'getDeadLetters',
    summary: 'See what each queue could not process, which means a fault of the system',
    responses: { 200: { description: 'The dead-letter queues.', schema: DeadLettersView } },
    run: async () => ({
      status: 200,
      body: deadLettersView({ queues: await Promise.all(QUEUE_NAMES.map((name) => readDeadLetters(queues, name))) }),
    }),
  }),
  route('POST', '/v1/dead-letters/redrive', {
    id: 'redriveDeadLetters',
    summary: 'Put dead letters back into their queues, once their cause is gone',
    body: z
      .strictObject({ queue: QueueName.optional().meta({ description: 'Without it: all.' }) })
      .meta({ id: 'RedriveInput' }),
    bodyOptional: true,
    responses: { 200: { description: 'How many were put back.', schema: RedrivenView } },
    run: async ({ body: { queue } }) => {
      const until = now() + REDRIVE_MS;
      const names = queue === undefined ? QUEUE_NAMES : [queue];
      const redriven = await Promise.all(
        names.map(async (name) => ({ name, ...(await queues.redriveDeadLetters(name, () => now() < until)) })),
      );
      return { status: 200, body: { queues: redriven } };
    },
  }),
];

async function readDeadLetters(queues: DeadLetterRouteDeps['queues'], name: z.infer<typeof QueueName>) {
  const { visible, inFlight, delayed } = await queues.measureDeadLetters(name);
  const count = visible + inFlight + delayed;
  // SQS counts late: a queue that looks empty may have some.
  const messages = await queues.peekDeadLetters(name);
  const oldestSentAt = messages.length === 0 ? null : Math.min(...messages.map(({ sentAt }) => sentAt));
  return { name, count: Math.max(count, messages.length), oldestSentAt, messages };
}
