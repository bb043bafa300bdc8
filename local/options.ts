import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, StartError } from './errors.ts';

export interface RunnerOptions {
  stateDir: string;
  /** Throw the state away first. */
  fresh: boolean;
  /** 0: a free one. */
  ports: { api: number; receiver: number; sqs: number; dynamodb: number };
  /** CDK context: how the stack is set up. */
  context: Record<string, string>;
}

/** Calls of emulators may take so many times as long as those of AWS. */
export const LOCAL_TIME_SCALE = '10';

export const USAGE = `Usage: npm start -- [options]
  --state DIR         where the state is kept (.posthorn)
  --fresh             begin anew: throw the state away
  --port N            the API's port (28780); 0 picks a free one, here and below
  --receiver-port N   the receiver's port (28781)
  --sqs-port N        SQS's port (28782)
  --dynamodb-port N   DynamoDB's port (28783)
  -c KEY=VALUE        a setting of the stack, as for cdk deploy, such as -c eventTypes=strict; repeatable
  --help`;

/** Reads the command line. 'help' if that was asked for. */
export function parseOptions(args: string[]): RunnerOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  // What a script gives whose variable is not set; it would fill the folder that it stands in.
  if (values.state === '') throw new StartError('--state takes a folder, not "".');
  return {
    stateDir: resolve(values.state),
    fresh: values.fresh,
    ports: {
      api: port('port', values.port),
      receiver: port('receiver-port', values['receiver-port']),
      sqs: port('sqs-port', values['sqs-port']),
      dynamodb: port('dynamodb-port', values['dynamodb-port']),
    },
    context: Object.fromEntries(values.context.map(contextEntry)),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        state: { type: 'string', default: '.posthorn' },
        fresh: { type: 'boolean', default: false },
        // Below the range from which Linux takes ports for outgoing connections, and far from common servers.
        port: { type: 'string', default: '28780' },
        'receiver-port': { type: 'string', default: '28781' },
        'sqs-port': { type: 'string', default: '28782' },
        'dynamodb-port': { type: 'string', default: '28783' },
        context: { type: 'string', short: 'c', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${USAGE}`);
  }
}

function port(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new StartError(`--${option} takes a port from 0 to 65535, not "${text}".`);
  }
  return Number(text);
}

function contextEntry(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new StartError(`-c takes KEY=VALUE, not "${text}".`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
