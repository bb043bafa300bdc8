import { describe, expect, it } from 'vitest';
import type { RejectedEvent } from '../../../functions/core/event/rejected-event.ts';
import { correctBody } from '../../../functions/core/event/republish.ts';
import { Refusal } from '../../../functions/core/refusal.ts';

const REJECTED: RejectedEvent = {
  id: 'rej_1',
  tenantId: null,
  rejectedAt: 1_000,
  reason: { code: 'malformed_json', message: 'no JSON', errors: [] },
  body: '{"tenantId":"acme"',
  bodyTruncated: true,
  messageId: 'm-1',
  republishedAt: null,
};

describe('a corrected body', () => {
  it('takes the place of the one that came, as it is written, of the tenant that it names', () => {
    const body = '{ "tenantId": "acme", "type": "a.b", "data": {"10": 1.0, "2": 12345678901234567890, "x": "\ufffe"} }';
    expect(correctBody(REJECTED, body, 2_000)).toEqual({
      ...REJECTED,
      tenantId: 'acme',
      body: '{"tenantId":"acme","type":"a.b","data":{"10":1.0,"2":12345678901234567890,"x":"\\ufffe"}}',
      bodyTruncated: false,
    });
  });

  it.each([
    ['no JSON', '{', /^is no event: The message is not JSON/],
    ['another kind of JSON', '[[]]', /^is no event: Invalid input: expected object, received array/],
    ['no event', '{"tenantId":"acme","data":1}', /^is no event: \/type /],
    [
      'too large',
      JSON.stringify({ tenantId: 'acme', type: 'a', data: 'x'.repeat(300_000) }),
      /^is no event: \/data .*262144/,
    ],
    [
      'too large for the queue, which carries each of these characters as six',
      JSON.stringify({ tenantId: 'acme', type: 'a', data: '\uffff'.repeat(50_000) }),
      /^is no event: \/data is 300002 bytes/,
    ],
    ['of the reserved tenant', '{"tenantId":"posthorn","type":"a","data":1}', /^is no event: \/tenantId is reserved/],
    ['an event of Posthorn’s own', `{"tenantId":"posthorn","id":"evt_1"}`, /^is no event: \/tenantId is reserved/],
  ])('is refused if it is %s', (_, body, message) => {
    const refused = correctBody(REJECTED, body, 2_000);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ errors: [{ path: '/body', message: expect.stringMatching(message) }] });
  });
});
