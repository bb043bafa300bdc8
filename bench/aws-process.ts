/** The emulators, each in a thread, behind proxies that count. A process apart, so that the runner's time is its own. */
import { createClockBuffer } from '../local/clock.ts';
import { startEmulator } from '../local/emulators/start-emulator.ts';
import { listenOnLoopback } from '../local/listen.ts';
import { createCountingProxy } from '../testing/counting-proxy.ts';
import { emptyTally, type Tally } from '../testing/tally.ts';
import { answerParent } from './child.ts';

export interface AwsAnswer {
  /** Where calls are counted. */
  counted: { sqs: string; dynamodb: string };
  /** Where they are not: for the bench's own questions. */
  uncounted: { sqs: string; dynamodb: string };
  tally: Tally;
}

const [dir = ''] = process.argv.slice(2);
const clock = createClockBuffer(0);
const die = (error: Error) => {
  console.error(error);
  process.exit(1);
};
const tally = emptyTally();

async function start(kind: 'sqs' | 'dynamodb', service: 'SQS' | 'DynamoDB') {
  const emulator = await startEmulator({ kind, port: 0, dir: `${dir}/${kind}`, clock }, die);
  const { server } = createCountingProxy(service, emulator.url, tally);
  return { uncounted: emulator.url, counted: await listenOnLoopback(server, 0, '') };
}

const [sqs, dynamodb] = await Promise.all([start('sqs', 'SQS'), start('dynamodb', 'DynamoDB')]);

answerParent(
  (_question: 'tally'): AwsAnswer => ({
    counted: { sqs: sqs.counted, dynamodb: dynamodb.counted },
    uncounted: { sqs: sqs.uncounted, dynamodb: dynamodb.uncounted },
    tally,
  }),
);
