import { builtInProfile } from '../../functions/core/profile/built-in-profiles.ts';
import { type CompiledProfile, compileProfile } from '../../functions/core/profile/compile-profile.ts';
import type { TemplateValues } from '../../functions/core/profile/template.ts';
import { NOW } from './domain.ts';

export const VENDORS = ['bindbee', 'keypay', 'staffology', 'peopleforce'] as const;

export function builtIn(name: string): CompiledProfile {
  const profile = builtInProfile(name);
  if (profile === null) throw new Error(`there is no built-in profile ${name}`);
  return profile;
}

/** A document that is right, with what a test is about. */
export function profileDocument(rest: object = {}): Record<string, unknown> {
  return {
    name: 'acme',
    envelope: { type: '{{event.type}}', data: '{{event.data}}' },
    signatures: [{ header: 'X-Signature', algorithm: 'hmac-sha256', encoding: 'hex' }],
    subscription: { secretFormat: 'text' },
    retry: { gapsSeconds: [60] },
    ...rest,
  };
}

export function makeProfile(rest: object = {}, version = 1): CompiledProfile {
  const compiled = compileProfile(profileDocument(rest), version);
  if (!compiled.ok) throw new Error(`the profile is wrong: ${JSON.stringify(compiled.errors)}`);
  return compiled.profile;
}

interface ValueChanges {
  event?: Partial<TemplateValues['event']>;
  subscription?: Partial<TemplateValues['subscription']>;
  delivery?: Partial<TemplateValues['delivery']>;
}

/** What references mean, for one attempt of one event. */
export function makeValues({ event, subscription, delivery }: ValueChanges = {}): TemplateValues {
  return {
    event: {
      id: 'evt_1',
      type: 'employee.created',
      environment: 'production',
      occurredAt: new Date(NOW).toISOString(),
      data: '{"id":9007199254740993}',
      ...event,
    },
    subscription: {
      id: 'sub_1',
      name: 'Payroll',
      url: 'https://receiver.example/hooks',
      metadata: { team: 'a' },
      ...subscription,
    },
    tenant: { id: 'acme' },
    delivery: { id: 'dlv_1', attempt: 1, timestamp: Math.floor(NOW / 1_000), ...delivery },
  };
}
