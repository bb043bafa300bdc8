import { describe, expect, it } from 'vitest';
import { templateValues } from '../../../functions/core/delivery/template-values.ts';
import { compileEnvelope } from '../../../functions/core/profile/template.ts';
import { makeDelivery, makeEvent, makeSubscription, NOW } from '../../support/domain.ts';

const valuesOf = (id: string) =>
  templateValues({ ...makeEvent({ id }), data: '{}' }, makeSubscription(), {
    ref: makeDelivery(),
    attempt: 3,
    at: NOW + 999,
  });

/** What {{event.hexId}} means for an event with this id. */
function hexIdOf(id: string): unknown {
  const compiled = compileEnvelope('{{event.hexId}}');
  if (!compiled.ok) throw new Error('it compiles');
  return JSON.parse(compiled.render(valuesOf(id)));
}

describe('what references mean', () => {
  it('for one attempt of one event', () => {
    expect(valuesOf('evt_1')).toEqual({
      event: {
        id: 'evt_1',
        type: 'employee.created',
        environment: 'production',
        occurredAt: '2026-11-22T09:59:00.000Z',
        data: '{}',
      },
      subscription: {
        id: makeSubscription().id,
        name: null,
        url: 'https://receiver.example/hooks',
        metadata: {},
      },
      tenant: { id: 'acme' },
      delivery: { id: expect.stringMatching(/^dlv_/), attempt: 3, timestamp: NOW / 1_000 },
    });
  });

  it.each(['f62319a8e9594b1da89ee456525711ea', 'F62319A8E9594B1DA89EE456525711EA'])(
    'an id of 32 hex digits is its own (%s)',
    (id) => {
      expect(hexIdOf(id)).toBe(id);
    },
  );

  it.each([
    'evt_1',
    'g62319a8e9594b1da89ee456525711ea',
    'f62319a8e9594b1da89ee456525711ea1',
    'f62319a8-e959-4b1d-a89e-e456525711ea',
  ])('any other id makes 32 of its own, always the same (%s)', (id) => {
    const hexId = hexIdOf(id);
    expect(hexId).toMatch(/^[0-9a-f]{32}$/);
    expect(hexIdOf(id)).toBe(hexId);
    expect(hexIdOf(`${id}x`)).not.toBe(hexId);
  });
});
