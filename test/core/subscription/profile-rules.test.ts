import { describe, expect, it } from 'vitest';
import { keepsVersions, refuseUnknownTypes } from '../../../functions/core/subscription/profile-rules.ts';
import { makeEventType } from '../../support/domain.ts';
import { makeProfile } from '../../support/profiles.ts';

describe('event types where only known ones are accepted', () => {
  const known = [
    makeEventType({ name: 'leave.requested' }),
    makeEventType({ name: 'leave.gone', archived: true }),
    makeEventType({ name: 'pay.closed', archived: true }),
  ];
  const refused = (...patterns: string[]) => refuseUnknownTypes(patterns, known, '/eventTypes')?.errors ?? null;

  it('may be a live type, or a pattern that matches one, or a system event', () => {
    expect(refused('leave.requested', 'leave.*', '*', 'posthorn.job.ended')).toBeNull();
  });

  it.each(['leave.asked', 'pay', 'pay.closed.*'])('may not be %s, which is unknown', (pattern) => {
    expect(refused('leave.*', pattern)).toEqual([
      { path: '/eventTypes/1', message: `"${pattern}" matches no known event type` },
    ]);
  });

  it.each(['leave.gone', 'pay.closed', 'pay.*'])(
    'may not be %s, which is archived and can be brought back',
    (pattern) => {
      expect(refused(pattern)).toEqual([
        {
          path: '/eventTypes/0',
          message: `"${pattern}" matches only archived event types: bring one back with PATCH /v1/event-types/{name} {"archived": false}`,
        },
      ]);
    },
  );
});

describe('the next version of a profile', () => {
  const HMAC = { header: 'X-Hmac', algorithm: 'hmac-sha256', encoding: 'hex' };
  const ED25519 = { header: 'X-Ed', algorithm: 'ed25519', encoding: 'base64' };
  const sometimes = (scheme: object) => ({ ...scheme, when: 'if_secret' });
  const signing = (...signatures: object[]) => makeProfile({ signatures }).document;

  it.each<[string, object[], object[], boolean]>([
    ['a further scheme with the same keys', [HMAC], [HMAC, { ...HMAC, header: 'X-Other' }], true],
    ['one with other keys, for those that have them', [HMAC], [HMAC, sometimes(ED25519)], true],
    ['one with other keys always', [HMAC], [HMAC, ED25519], false],
    ['no signature where all have the key of one version', [HMAC], [], true],
    ['none of ed25519 any more', [sometimes(HMAC), sometimes(ED25519)], [HMAC], false],
    ['ed25519 in place of HMAC', [HMAC], [ED25519], false],
  ])('with %s', (_, before, next, expected) => {
    expect(keepsVersions(signing(...before), signing(...next))).toBe(expected);
  });
});
