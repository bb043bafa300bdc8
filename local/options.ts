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

export const USAGE = `Usage: npm start -- [options]
  --state DIR         where the state is kept (.posthorn)
  --fresh             begin anew: throw the state away
  --port N            the API's port (28780); 0 picks a free one, here and below
  --receiver-port N   the receiver's port (28781)
  --sqs-port N        SQS's port (28782)
  --dynamodb-port N   DynamoDB's port (28783)
  -c KEY=VALUE        a setting of the stack, as for cdk deploy, such as -c eventTypes=strict; repeatable
  --help`;

/** Outside the range from which Linux takes ports for outgoing connections (32768 and up), and far from common servers. */
const DEFAULT_PORTS = { port: 28780, 'receiver-port': 28781, 'sqs-port': 28782, 'dynamodb-port': 28783 };

/** Reads the command line. 'help' if that was asked for. */
export function parseOptions(args: string[]): RunnerOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  return {
    stateDir: resolve(values.state ?? '.posthorn'),
    fresh: values.fresh ?? false,
    ports: {
      api: port('port', values.port),
      receiver: port('receiver-port', values['receiver-port']),
      sqs: port('sqs-port', values['sqs-port']),
      dynamodb: port('dynamodb-port', values['dynamodb-port']),
    },
    context: Object.fromEntries((values.context ?? []).map(contextEntry)),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        state: { type: 'string' },
        fresh: { type: 'boolean' },
        port: { type: 'string' },
        'receiver-port': { type: 'string' },
        'sqs-port': { type: 'string' },
        'dynamodb-port': { type: 'string' },
        context: { type: 'string', short: 'c', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new StartError(`${messageOf(error)}\n\n${USAGE}`);
  }
}

function port(option: keyof typeof DEFAULT_PORTS, text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORTS[option];
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
