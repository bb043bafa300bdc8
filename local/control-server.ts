import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { messageOf } from './errors.ts';
import { type AwsCall, AwsError } from './resources/keys-and-secrets/aws-calls.ts';

export interface Control {
  /** Calls of KMS and Secrets Manager by `x-amz-target`. */
  awsCalls: Map<string, AwsCall>;
  clockOffsetMs(): number;
  advanceClock(milliseconds: number): Promise<void>;
}

const advance = z.strictObject({
  advanceSeconds: z
    .number()
    .positive()
    .max(3_600 * 24 * 3_660),
});

/** KMS and Secrets Manager at `/`, for the functions; the test clock at `/clock`, for tests. */
export function createControlServer(control: Control): Server {
  return createServer(async (request, response) => {
    const [status, answer] = await answerTo(request, control).catch(
      (error: unknown): Answer => [500, { __type: 'InternalFailure', message: messageOf(error) }],
    );
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
}

type Answer = [status: number, body: object];

async function answerTo(request: IncomingMessage, control: Control): Promise<Answer> {
  const text = await readText(request);
  // A page in a browser may send a form here, but never under another name or as JSON.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) {
    return [403, { message: 'Only for this machine' }];
  }
  if (request.url === '/clock') return clockAnswer(request, text, control);

  const target = request.headers['x-amz-target'];
  const call = typeof target === 'string' ? control.awsCalls.get(target) : undefined;
  if (!call) {
    const message = `${target ?? request.url} is not emulated on one machine`;
    return [400, { __type: 'UnknownOperationException', message }];
  }
  try {
    return [200, call(JSON.parse(text))];
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return [400, { __type: error.type, message: error.message }];
  }
}

async function clockAnswer(request: IncomingMessage, text: string, control: Control): Promise<Answer> {
  if (request.method === 'POST') {
    const parsed = advance.safeParse(parseJson(text));
    if (!parsed.success) {
      return [400, { message: 'Send {"advanceSeconds": N} with a number above 0: the clock only goes ahead.' }];
    }
    await control.advanceClock(parsed.data.advanceSeconds * 1000);
  } else if (request.method !== 'GET') {
    return [405, { message: 'GET or POST' }];
  }
  return [200, { offsetSeconds: control.clockOffsetMs() / 1000, now: new Date().toISOString() }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
