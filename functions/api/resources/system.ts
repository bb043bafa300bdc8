import * as z from 'zod';
import { QUEUE_NAMES } from '../../core/operations/queues.ts';
import { readSystemState, type SystemStatePorts } from '../../core/operations/system-state.ts';
import { LastFailure } from '../../core/system-event/system-event.ts';
import { routesOf } from '../http/route.ts';
import { Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Operations', 'company');

const Size = z.object({
  visible: z.int(),
  inFlight: z.int().meta({ description: 'Received and hidden. Past about 120,000 SQS hands out nothing more.' }),
  delayed: z.int(),
});

export const SystemView = z
  .object({
    queues: z.array(z.object({ name: z.enum(QUEUE_NAMES), size: Size, deadLetters: Size })).meta({
      description:
        'About how many messages there are: SQS counts with a delay of up to a minute. Their age is a metric of CloudWatch, ApproximateAgeOfOldestMessage.',
    }),
    overdue: z
      .object({
        count: z.int(),
        isCapped: z.boolean().meta({ description: 'There are more: at most 100 of each of 8 shards are counted.' }),
        oldestDueAt: Timestamp.nullable(),
      })
      .meta({ description: 'Deliveries that were due two minutes ago, and that sweep has not woken.' }),
    failing: z
      .array(
        z.object({
          tenantId: z.string(),
          subscriptionId: z.string(),
          url: z.string(),
          since: z.string(),
          failures: z.int(),
          lastFailure: LastFailure,
          disablesAt: z.string().nullable(),
        }),
      )
      .meta({
        description:
          'Subscriptions without a success for a fifth of the time after which they are disabled (a day by default), or more, by the last 100 system events of seven days that tell of it.',
      }),
  })
  .meta({ id: 'System' });
const systemView = viewOf(SystemView);

export const createSystemRoutes = (ports: SystemStatePorts) => [
  route('GET', '/v1/system', {
    id: 'getSystem',
    summary: 'See how Posthorn fares: queues, what is overdue, receivers that fail',
    responses: { 200: { description: 'The state of the system.', schema: SystemView } },
    run: async () => ({ status: 200, body: systemView(await readSystemState(ports)) }),
  }),
];
