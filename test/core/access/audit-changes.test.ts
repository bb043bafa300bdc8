import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../../functions/core/access/audit-changes.ts';

describe('the changes of a record', () => {
  it.each<[string, unknown, unknown, object]>([
    ['of nothing', { a: 1 }, { a: 1 }, {}],
    ['of a text', { a: 'x' }, { a: 'y' }, { a: { from: 'x', to: 'y' } }],
    ['of a number', { a: 1 }, { a: 2 }, { a: { from: '1', to: '2' } }],
    ['of a list', { a: ['x'] }, { a: [] }, { a: { from: '["x"]', to: '[]' } }],
    ['of a member', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { 'a.c': { from: '2', to: '3' } }],
    ['below the third level', { a: { b: { c: { d: 1 } } } }, { a: {} }, { 'a.b.c': { from: '{"d":1}', to: null } }],
    ['of what was not there', { a: null }, { a: 'x' }, { a: { from: null, to: 'x' } }],
    ['of what is made', null, { a: 'x', b: null }, { a: { from: null, to: 'x' } }],
    ['of what is deleted', { a: 'x' }, null, { a: { from: 'x', to: null } }],
  ])('%s', (_name, before, after, changes) => {
    expect(changesBetween(before, after)).toEqual(changes);
  });

  it('are cut where they are long, and say so', () => {
    const { a } = changesBetween(null, { a: 'x'.repeat(1_000) });
    expect(a?.to).toBe(`${'x'.repeat(300)}… (cut: it has 1000 characters)`);
  });

  it('are few and short, whatever changes', () => {
    fc.assert(
      fc.property(fc.object(), fc.object({ maxKeys: 60 }), (before, after) => {
        const changes = changesBetween(before, after);
        expect(Object.keys(changes).length).toBeLessThanOrEqual(25);
        expect(JSON.stringify(changes).length).toBeLessThan(40_000);
      }),
    );
  });
});
