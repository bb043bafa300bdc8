import type { SystemEventCounts, Window } from '../../functions/core/system-event/counted.ts';

/** How often things happened, in memory. Its contract is in test/contracts. */
export class MemoryCounts implements SystemEventCounts {
  readonly windows = new Map<string, { begunBy: string; count: number; isClosed: boolean }>();

  async addToWindow({ subject, startsAt }: Window, cause: string, by: number) {
    const key = `${subject} ${startsAt}`;
    const window = this.windows.get(key) ?? { begunBy: cause, count: 0, isClosed: false };
    if (!window.isClosed) this.windows.set(key, { ...window, count: window.count + by });
    return { begunBy: window.begunBy, isClosed: window.isClosed };
  }

  async closeWindow({ subject, startsAt }: Window): Promise<number> {
    const key = `${subject} ${startsAt}`;
    const window = this.windows.get(key);
    if (window === undefined) throw new Error('the window that is closed is not on record');
    this.windows.set(key, { ...window, isClosed: true });
    return window.count;
  }
}
