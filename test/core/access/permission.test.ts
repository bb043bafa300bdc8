import { describe, expect, it } from 'vitest';
import { isAllowed, type Permission } from '../../../functions/core/access/permission.ts';
import { ANONYMOUS, ROLES } from '../../../functions/core/access/principal.ts';

const EVERYTHING: Permission[] = ['read', 'publish', 'change', 'secrets'];

describe('what a role allows', () => {
  it.each([
    ['admin', EVERYTHING],
    ['publish', ['publish']],
    ['read', ['read']],
    ['none', []],
  ] as const)('%s: %j', (role, permissions) => {
    expect(EVERYTHING.filter((one) => isAllowed({ role }, one))).toEqual(permissions);
  });

  it('is said of every role', () => {
    expect([...ROLES, ANONYMOUS.role].toSorted()).toEqual(['admin', 'none', 'publish', 'read']);
  });
});
