import { describe, expect, it } from 'vitest';
import type { InFlightStore, PlacesRequest } from '../../functions/core/delivery/in-flight.ts';
import { MINUTE, NOW } from '../support/domain.ts';
import { freshSubscription, type Subject } from './subject.ts';

const ask = (rest: Partial<PlacesRequest> = {}): PlacesRequest => ({
  count: 10,
  max: 3,
  endsAt: NOW + MINUTE,
  now: NOW,
  ...rest,
});

export function describeInFlightStore(name: string, { store, losing }: Subject<InFlightStore>): void {
  describe(`the places of a subscription in ${name}`, () => {
    it('are as many as it may have, over all workers', async () => {
      const id = freshSubscription();
      expect(await store.takePlaces(id, ask({ count: 2 }))).toEqual({
        id: expect.any(String),
        places: 2,
        endsAt: NOW + MINUTE,
      });
      expect(await store.takePlaces(id, ask())).toMatchObject({ places: 1 });
      expect(await store.takePlaces(id, ask())).toMatchObject({ places: 0 });
      expect(await store.takePlaces(freshSubscription(), ask())).toMatchObject({ places: 3 });
    });

    it('are free once they are given back, and can be given back twice', async () => {
      const id = freshSubscription();
      const [two, one] = [await store.takePlaces(id, ask({ count: 2 })), await store.takePlaces(id, ask())];
      await store.giveBack(id, two);
      await store.giveBack(id, two);
      expect(await store.takePlaces(id, ask())).toMatchObject({ places: 2 });
      await store.giveBack(id, one);
      expect(await store.takePlaces(id, ask())).toMatchObject({ places: 1 });
    });

    it('of a worker that was killed are free when its lease has ended', async () => {
      const id = freshSubscription();
      const killed = await store.takePlaces(id, ask());
      expect(await store.takePlaces(id, ask({ now: NOW + MINUTE - 1 }))).toMatchObject({ places: 0 });
      const later = { now: NOW + MINUTE, endsAt: NOW + 2 * MINUTE };
      expect(await store.takePlaces(id, ask({ ...later, count: 2 }))).toMatchObject({ places: 2 });
      // It was not killed after all.
      await store.giveBack(id, killed);
      expect(await store.takePlaces(id, ask(later))).toMatchObject({ places: 1 });
    });

    it('follow a lower limit', async () => {
      const id = freshSubscription();
      const many = await store.takePlaces(id, ask({ max: 8, count: 8 }));
      expect(await store.takePlaces(id, ask({ max: 2 }))).toMatchObject({ places: 0 });
      await store.giveBack(id, many);
      expect(await store.takePlaces(id, ask({ max: 2 }))).toMatchObject({ places: 2 });
    });

    it('are never more, however many workers ask at the same moment', async () => {
      const id = freshSubscription();
      const leases = await Promise.all(
        Array.from({ length: 12 }, () => store.takePlaces(id, ask({ count: 2, max: 5 }))),
      );
      const taken = leases.reduce((sum, { places }) => sum + places, 0);
      expect(taken).toBeGreaterThanOrEqual(4);
      expect(taken).toBeLessThanOrEqual(5);
      await Promise.all(leases.map((lease) => store.giveBack(id, lease)));
      expect(await store.takePlaces(id, ask({ max: 5 }))).toMatchObject({ places: 5 });
    });

    if (losing !== null) {
      it('are taken and given back once, although the answer was lost', async () => {
        const id = freshSubscription();
        const lease = await losing(() => store.takePlaces(id, ask({ count: 2 })));
        expect(lease).toMatchObject({ places: 2 });
        expect(await store.takePlaces(id, ask())).toMatchObject({ places: 1 });
        await losing(() => store.giveBack(id, lease));
        expect(await store.takePlaces(id, ask())).toMatchObject({ places: 2 });
      });

      it('are all free again after lost answers, also where there was room to take them twice', async () => {
        const id = freshSubscription();
        for (let times = 0; times < 3; times += 1) {
          const lease = await losing(() => store.takePlaces(id, ask({ max: 10, count: 4 })));
          expect(lease).toMatchObject({ places: 4 });
          await store.giveBack(id, lease);
        }
        expect(await store.takePlaces(id, ask({ max: 10 }))).toMatchObject({ places: 10 });
      });
    }
  });
}
