import { describe, expect, it } from 'vitest';
import type { Target, TargetPort } from '../../../functions/core/target/target.ts';
import type { SendResult } from '../../../functions/core/target/webhook.ts';

/** What a test does not want to see again. */
export const SECRET = 's3cret-of-the-receiver';

/** A receiver that was started for one test. */
interface Rig<T extends Target, Request> {
  port: TargetPort<T, Request>;
  /** To that receiver, with SECRET as its credentials. `timeoutMs` and `maxWaitMs` as in WebhookRequest. */
  request(limits?: { timeoutMs?: number; maxWaitMs?: number }): Request;
  /** How many requests arrived. */
  received(): number;
}

interface TargetExamples<T extends Target, Request> {
  kind: T['kind'];
  port(): TargetPort<T, Request>;
  /** A target with SECRET in it, as a person writes it; how it is shown; and what names it in a sentence. */
  valid: readonly { written: string; shown: T; named: string }[];
  /** Texts with SECRET in them that could never be delivered to. */
  invalid: readonly string[];
  /** Starts a receiver that does this. `at most` connections lead to it. */
  rig(
    receiver: 'accepts' | 'accepts slowly' | 'rejects' | 'breaks off' | 'says nothing' | 'is not there',
    connections?: number,
  ): Promise<Rig<T, Request>>;
  /** To an address that deliveries must not reach. */
  forbidden(): Request;
}

/** The tests that each kind of target passes. */
export function testTarget<T extends Target, Request>(examples: TargetExamples<T, Request>): void {
  describe(`the target ${examples.kind}`, () => {
    it.each(examples.valid)(
      'takes what can be delivered to, without its secret: $named',
      ({ written, shown, named }) => {
        const port = examples.port();
        const check = port.validate(written);
        expect(check).toMatchObject({ ok: true, target: shown });
        expect(JSON.stringify(check.ok && check.credentials)).toContain(SECRET);
        expect(JSON.stringify(check.ok && check.target)).not.toContain(SECRET);
        expect(port.describe(shown)).toBe(named);
      },
    );

    it.each(examples.valid)('shows no secret: $named', ({ written }) => {
      const port = examples.port();
      expect(written).toContain(SECRET);
      const redacted = port.redact(written);
      expect(redacted).not.toContain(SECRET);
      expect(port.redact(redacted)).toBe(redacted);
    });

    it('says why it refuses a text, and does not repeat the secret', () => {
      for (const text of examples.invalid) {
        expect(text).toContain(SECRET);
        const check = examples.port().validate(text);
        expect(check).toMatchObject({
          ok: false,
          code: expect.stringMatching(/^\w+$/),
          message: expect.stringMatching(/\.$/),
        });
        expect(JSON.stringify(check)).not.toContain(SECRET);
      }
    });

    it.each(['accepts', 'rejects', 'breaks off', 'says nothing', 'is not there'] as const)(
      'reports a receiver that %s as a value',
      async (receiver) => {
        const rig = await examples.rig(receiver);
        const result = await rig.port.send(rig.request({ timeoutMs: 200 }));
        expect(result.outcome === 'success').toBe(receiver === 'accepts');
        expect(result.outcome === 'timeout').toBe(receiver === 'says nothing');
        expectAttempt(result);
        expect(rig.received()).toBe(receiver === 'is not there' ? 0 : 1);
      },
    );

    it('reaches no address that is not allowed', async () => {
      const result = await examples.port().send(examples.forbidden());
      expect(result.outcome).toBe('blocked_address');
      expectAttempt(result);
    });

    it('does not take the wait for a connection for the receiver’s time', async () => {
      const rig = await examples.rig('accepts slowly', 1);
      const send = (maxWaitMs: number) => rig.port.send(rig.request({ timeoutMs: 250, maxWaitMs }));
      // Each answer takes 150 ms: the second request waits for one, the third for none.
      const [first, second, third] = await Promise.all([send(1_000), send(1_000), send(1)]);
      expect(first).toMatchObject({ outcome: 'success' });
      expect(second).toMatchObject({ outcome: 'success' });
      expect(third).toEqual({ outcome: 'not_sent', reason: 'no_connection' });
      expect(rig.received()).toBe(2);
    });
  });
}

function expectAttempt(result: SendResult): void {
  if (result.outcome === 'not_sent') throw new Error('nothing was sent');
  expect(result.durationMs).toBeGreaterThanOrEqual(0);
  expect(result.error === null).toBe(result.outcome === 'success');
  if (result.error !== null)
    expect(result.error).toMatchObject({ code: expect.any(String), message: expect.stringMatching(/\.$/) });
  expect(JSON.stringify(result)).not.toContain(SECRET);
}
