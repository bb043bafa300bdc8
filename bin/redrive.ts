import { SQSClient } from '@aws-sdk/client-sqs';
import { redriveMessages } from '../functions/adapters/sqs/redrive.ts';

const USAGE = 'Usage: npm run redrive -- DEAD_LETTERS_URL EVENTS_QUEUE_URL';

/** Puts the dead letters of events back, as the events that they were. Uses the AWS credentials and region of the shell. */
async function main(): Promise<string> {
  const [from, to, ...others] = process.argv.slice(2);
  if (from === undefined || to === undefined || others.length > 0) throw new Error(USAGE);
  return `${await redriveMessages(new SQSClient(), from, to)} messages were put back`;
}

try {
  console.log(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
