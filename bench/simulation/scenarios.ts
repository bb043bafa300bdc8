import { compileProfile } from '../../functions/core/profile/compile-profile.ts';
import type { ProfileDocument } from '../../functions/core/profile/profile.ts';
import standard from '../../functions/core/profile/standard.json' with { type: 'json' };
import type { WebhookResult } from '../../functions/core/target/webhook.ts';
import keypay from '../../functions/vendors/keypay/profile.json' with { type: 'json' };
import staffology from '../../functions/vendors/staffology/profile.json' with { type: 'json' };

export interface DeadReceivers {
  name: string;
  profile: ProfileDocument;
  result: WebhookResult;
}

const failure = (outcome: 'timeout' | 'connection_refused', durationMs: number): WebhookResult => ({
  outcome,
  durationMs,
  response: null,
  error: { code: outcome, message: 'No answer.' },
});

/** The ways to be dead that strain the retries queue most: refusing makes most retries, hanging holds most workers. */
export const DEAD_RECEIVERS: readonly DeadReceivers[] = [
  { name: 'refuse, KeyPay (no breaker)', profile: documentOf(keypay), result: failure('connection_refused', 100) },
  { name: 'hang, Staffology (no breaker)', profile: documentOf(staffology), result: failure('timeout', 15_000) },
  { name: 'refuse, standard', profile: documentOf(standard), result: failure('connection_refused', 100) },
  { name: 'hang, standard', profile: documentOf(standard), result: failure('timeout', 15_000) },
];

function documentOf(document: unknown): ProfileDocument {
  const compiled = compileProfile(document, 1);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.profile.document;
}
