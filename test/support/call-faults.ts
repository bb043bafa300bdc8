import type { AwsCall } from '../../functions/adapters/aws/calls.ts';
import { post } from '../../functions/adapters/aws/post.ts';

/** What befalls the calls of one service, as a test says. */
export class CallFaults {
  /** The error of a call that fails before it leaves, as one fails that was tried often enough; null: it is carried out. */
  fails: (operation: string, input: unknown) => Error | null = () => null;
  /** Whether the service carries out a try whose answer is then lost. */
  loses: (operation: string, body: string) => boolean = () => false;
  /** Runs before the caller learns that the answer was lost. */
  meanwhile: () => Promise<void> = async () => {};

  readonly post: typeof post = async (place, headers, body, timeoutMs) => {
    // On a busy machine the emulators take longer than AWS.
    const answer = await post(place, headers, body, 10 * timeoutMs);
    const operation = String(headers['x-amz-target']).split('.').at(-1) ?? '';
    if (answer.status !== 200 || !this.loses(operation, body)) return answer;
    await this.meanwhile();
    throw new Error('socket hang up');
  };

  around(call: AwsCall): AwsCall {
    return async (operation, input, options) => {
      const error = this.fails(operation, input);
      if (error !== null) throw error;
      return call(operation, input, options);
    };
  }
}
