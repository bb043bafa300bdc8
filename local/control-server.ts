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

type Answer = [status: number, body: object];

/** KMS and Secrets Manager at `/`, for the functions; the test clock at `/clock`, for tests. */
export function createControlServer(control: Control): Server {
  return createServer(async (request, response) => {
    const [status, answer] = await answerTo(request, control).catch((error: unknown): Answer => {
      const isRefused = error instanceof AwsError || error instanceof z.ZodError || error instanceof SyntaxError;
      const type = error instanceof AwsError ? error.type : isRefused ? 'ValidationException' : 'InternalFailure';
      return [isRefused ? 400 : 500, { __type: type, message: messageOf(error) }];
    });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
}

async function answerTo(request: IncomingMessage, control: Control): Promise<Answer> {
  const text = await readText(request);
  // A page in a browser may send a form here, but never under another name or as JSON.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) {
    return [403, { message: 'Only for this machine' }];
  }
  if (request.url === '/clock') {
    if (request.method === 'POST') {
      await control.advanceClock(advance.parse(JSON.parse(text)).advanceSeconds * 1000);
    }
    return [200, { offsetSeconds: control.clockOffsetMs() / 1000, now: new Date().toISOString() }];
  }
  const target = String(request.headers['x-amz-target'] ?? request.url);
  const call = control.awsCalls.get(target);
  if (!call) throw new AwsError('UnknownOperationException', `${target} is not emulated on one machine`);
  return [200, call(JSON.parse(text))];
}
