import { describe, expect, it } from 'vitest';
import { refuseUnknownTypes } from '../../../functions/core/subscription/profile-rules.ts';
import { makeEventType } from '../../support/domain.ts';

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
