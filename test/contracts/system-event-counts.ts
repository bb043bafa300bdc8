import { describe, expect, it } from 'vitest';
import type { SystemEventCounts } from '../../functions/core/system-event/counted.ts';
import { NOW } from '../support/domain.ts';
import { freshSubscription, type Subject } from './subject.ts';

export function describeSystemEventCounts(name: string, { store, losing }: Subject<SystemEventCounts>): void {
  describe(`counts of system events in ${name}`, () => {
    const fresh = () => ({ subject: `posthorn.delivery.exhausted ${freshSubscription()}`, startsAt: NOW });

    it('are begun by one of many, who is named to each', async () => {
      const window = fresh();
      const causes = Array.from({ length: 12 }, (_, index) => `cause ${index}`);
      const added = await Promise.all(causes.map((cause) => store.addToWindow(window, cause, 2)));
      const begunBy = new Set(added.map((one) => one.begunBy));
      expect(begunBy.size).toBe(1);
      expect(added.some(({ isClosed }) => isClosed)).toBe(false);
      expect(causes).toContain([...begunBy][0]);
      expect(await store.closeWindow(window)).toBe(24);
    });

    it('of another minute or subject are others', async () => {
      const window = fresh();
      expect(await store.addToWindow(window, 'a', 1)).toEqual({ begunBy: 'a', isClosed: false });
      expect(await store.addToWindow({ ...window, startsAt: NOW + 60_000 }, 'b', 1)).toMatchObject({ begunBy: 'b' });
      expect(await store.addToWindow(fresh(), 'c', 1)).toMatchObject({ begunBy: 'c' });
      expect(await store.closeWindow(window)).toBe(1);
    });

    it('take nothing more once they are closed, and close again with the same count', async () => {
      const window = fresh();
      await store.addToWindow(window, 'a', 3);
      expect(await store.closeWindow(window)).toBe(3);
      expect(await store.addToWindow(window, 'b', 1)).toEqual({ begunBy: 'a', isClosed: true });
      expect(await store.closeWindow(window)).toBe(3);
    });

    it('that are not there cannot be closed', async () => {
      await expect(store.closeWindow(fresh())).rejects.toThrow(/not on record/);
    });

    if (losing !== null) {
      it('are closed, although the answer was lost', async () => {
        const window = fresh();
        await store.addToWindow(window, 'a', 3);
        expect(await losing(() => store.closeWindow(window))).toBe(3);
      });
    }
  });
}
