import { describe, expect, it } from 'vitest';
import type { Outgoing } from '../../functions/core/delivery/queue-message.ts';
import { METRICS } from '../../functions/names.ts';
import { createSweepHandler } from '../../functions/sweep/handler.ts';
import { makeDelivery, NOW } from '../support/domain.ts';
import { context, recordTelemetry } from '../support/lambda.ts';
import { MemoryJournal } from '../support/memory-journal.ts';

function setup(count: number) {
  const journal = new MemoryJournal();
  for (let index = 0; index < count; index += 1) {
    journal.store(makeDelivery({ eventId: `e${index}`, dueAt: NOW - index, nextAttemptAt: NOW - index, revision: 1 }));
  }
  const queued: Outgoing[] = [];
  const telemetry = recordTelemetry();
  const send = async (messages: readonly Outgoing[]): Promise<void> => {
    queued.push(...messages);
  };
  const handler = createSweepHandler({ store: journal, retries: { send }, now: () => NOW, ...telemetry });
  return { queued, telemetry, handler };
}

describe('the sweep function', () => {
  it('wakes what is due, and counts it', async () => {
    const { handler, queued, telemetry } = setup(3);
    await handler({}, context());
    expect(queued).toHaveLength(3);
    expect(telemetry.counts).toEqual({ [METRICS.deliveriesSwept]: 3 });
    expect(telemetry.published).toBe(1);
  });

  it('says nothing when nothing is due', async () => {
    const { handler, telemetry } = setup(0);
    await handler({}, context());
    expect([telemetry.lines, telemetry.published]).toEqual([[], 0]);
  });

  it('begins nothing that it may not have the time to end', async () => {
    const { handler, queued } = setup(3);
    await handler({}, context(9_999));
    expect(queued).toEqual([]);
  });
});
