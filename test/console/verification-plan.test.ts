import { describe, expect, it } from 'vitest';
import { planVerification } from '../../console/snippets/verification-plan.ts';
import { ProfileDocument } from '../../functions/core/profile/profile.ts';

const WEBHOOK = { id: 'sub_1', tenantId: 'acme', name: null, url: 'https://a.example/', signatureVersions: ['v1'] };

/** How a webhook is checked whose profile signs so. */
function plan(signatures: object[], signatureVersions: ('v1' | 'v1a')[] = ['v1']) {
  const document = ProfileDocument.parse({ name: 'own', envelope: {}, signatures, retry: { gapsSeconds: [] } });
  return planVerification(document, { ...WEBHOOK, signatureVersions });
}

const HMAC = { header: 'X-Signature', algorithm: 'hmac-sha256', encoding: 'hex', separator: ' ' };
const ED25519 = { ...HMAC, algorithm: 'ed25519' };

describe('how a request is checked', () => {
  it.each<[string, object[], ('v1' | 'v1a')[], string]>([
    ['v1 alone', [HMAC, ED25519], ['v1'], 'hmac-sha256'],
    ['v1a alone', [HMAC, ED25519], ['v1a'], 'ed25519'],
    ['both', [HMAC, ED25519], ['v1', 'v1a'], 'hmac-sha256'],
    ['both, the key pair first', [ED25519, HMAC], ['v1', 'v1a'], 'hmac-sha256'],
    ['both, of which one cannot be checked', [{ ...HMAC, separator: '' }, ED25519], ['v1', 'v1a'], 'ed25519'],
    ['a key of the tenant', [{ ...HMAC, key: 'tenant' }, ED25519], ['v1a'], 'hmac-sha256'],
  ])('that signs with %s', (_, signatures, versions, algorithm) => {
    expect(plan(signatures, versions)).toMatchObject({ algorithm });
  });

  it('has no plan where nothing that is signed with can be checked', () => {
    expect(plan([])).toBe('unsigned');
    expect(plan([HMAC], ['v1a'])).toBe('other');
    expect(plan([{ ...HMAC, content: '{{delivery.attempt}}.{{body}}' }])).toBe('other');
  });

  it('has no plan where the prefix of a signature holds what separates signatures', () => {
    const timed = { ...HMAC, prefix: 't={{delivery.timestamp}},v1=' };
    expect(plan([{ ...timed, separator: ',' }])).toBe('other');
    expect(plan([{ ...timed, separator: ' ' }])).toMatchObject({ separator: ' ' });
    expect(plan([{ ...timed, separator: null }])).toMatchObject({ separator: null });
  });
});
