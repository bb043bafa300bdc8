import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../session/session.tsx';
import { path } from './client.ts';
import type { Secret } from './types.ts';

/** Whose key signs: the webhook's own, or its tenant's, which all of its webhooks share. */
export type KeyOwner = { tenantId: string; subscriptionId: string | null };

/**
 * Reading keys is on record in the audit trail, so it happens when the reader asks for it, and what was read is kept nowhere but in
 * the page that shows it.
 */
export function useKeys({ tenantId, subscriptionId }: KeyOwner) {
  const api = useApi();
  const queries = useQueryClient();
  const at =
    subscriptionId === null
      ? path`/v1/tenants/${tenantId}/signing-key`
      : path`/v1/tenants/${tenantId}/subscriptions/${subscriptionId}/secret`;
  // A tenant's key is one text, which is replaced at once.
  const secretOf = (answer: Secret | { key: string }): Secret =>
    'key' in answer ? { secret: answer.key, publicKey: null, previous: [] } : answer;
  return {
    reveal: useMutation({ mutationFn: async () => secretOf(await api.get<Secret | { key: string }>(at)) }),
    rotate: useMutation({
      mutationFn: async (body: { overlapSeconds?: number }) =>
        secretOf(await api.send<Secret | { key: string }>('POST', `${at}/rotate`, body)),
      // A subscription says until when its previous secret signs.
      onSuccess: () => queries.invalidateQueries({ queryKey: ['tenants', tenantId, 'subscriptions'] }),
    }),
  };
}
