import { describe, expect, it } from 'vitest';
import { changeStored } from '../../functions/core/change-stored.ts';

describe('changes at the same moment', () => {
  const conflicting = (conflicts: number) => {
    let left = conflicts;
    const saved: number[] = [];
    return {
      saved,
      what: 'thing',
      read: async () => ({ revision: conflicts - left + 1 }),
      change: (current: { revision: number }) => ({ ...current }),
      save: async (_next: { revision: number }, revision: number) => {
        saved.push(revision);
        left -= 1;
        return left < 0;
      },
    };
  };

  it('are tried a few times, each on what stands then', async () => {
    const four = conflicting(4);
    expect(await changeStored({ ...four, ifMatch: null })).toEqual({ revision: 6 });
    expect(four.saved).toEqual([1, 2, 3, 4, 5]);
    expect(await changeStored({ ...conflicting(5), ifMatch: null })).toMatchObject({
      code: 'conflict',
      retryAfterSeconds: 1,
    });
  });

  it('with If-Match give up at the first', async () => {
    const one = conflicting(1);
    expect(await changeStored({ ...one, ifMatch: 1 })).toMatchObject({ code: 'precondition_failed' });
    expect(one.saved).toEqual([1]);
  });

  it('that change nothing write nothing', async () => {
    const none = conflicting(0);
    expect(await changeStored({ ...none, ifMatch: null, change: (current) => current })).toEqual({ revision: 1 });
    expect(none.saved).toEqual([]);
  });

  it('of what is not there are not found', async () => {
    expect(await changeStored({ ...conflicting(0), ifMatch: null, read: async () => null })).toMatchObject({
      code: 'not_found',
    });
  });
});
