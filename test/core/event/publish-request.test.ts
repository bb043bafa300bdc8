import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../functions/core/event/parse-message.ts';
import { publishMessage, readPublishRequest } from '../../../functions/core/event/publish-request.ts';
import { Refusal } from '../../../functions/core/refusal.ts';

const read = (text: string) => readPublishRequest(JSON.parse(text), text);

describe('an event with characters that SQS does not take', () => {
  it('is sent with escapes in their place, and accepted by the queue’s reader', () => {
    const text = `{"type":"a.b","data":{"\uffff":"\ufffe${'x'.repeat(262_000)}"}}`;
    const [one] = readEvents(text);
    const body = one === undefined ? '' : publishMessage('acme', 'evt_1', one);
    expect(body).not.toMatch(/[\ufffe\uffff]/);
    const message = { messageId: 'm', body, sentAt: 1, origin: null, madeId: null };
    expect(parseMessage(message, 2)).toMatchObject({
      kind: 'event',
      event: { data: expect.stringMatching(/^\{"\\uffff":"\\ufffex+"\}$/) },
    });
  });

  it('is refused with the length that it would have in the queue', () => {
    const refused = read(`{"type":"a.b","data":"${'\uffff'.repeat(80_000)}"}`);
    expect(refused).toMatchObject({
      errors: [
        { path: '/data', message: expect.stringMatching(/^is 480002 bytes without white space; at most 262144/) },
      ],
    });
  });
});

function readEvents(text: string) {
  const events = read(text);
  if (events instanceof Refusal) throw new Error(events.message);
  return events;
}
