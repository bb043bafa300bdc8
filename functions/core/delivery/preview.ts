import * as z from 'zod';
import { prepareData } from '../event/event-data.ts';
import { Moment } from '../event/moment.ts';
import { PublishedEvent } from '../event/published-event.ts';
import { TenantId } from '../ids.ts';
import { cutJsonMember } from '../json/json-text.ts';
import { type CompiledProfile, compileProfile } from '../profile/compile-profile.ts';
import { ProfileDocument, ProfileName } from '../profile/profile.ts';
import type { ProfileSource } from '../profile/profile-source.ts';
import { chooseSecret, generateTextSecret, SecretInput } from '../profile/secret.ts';
import { defaultVersions, throwawayKeys } from '../profile/signature-versions.ts';
import { invalidField, invalidFields, Refusal } from '../refusal.ts';
import { Metadata, Name } from '../text-fields.ts';
import { type RenderedRequest, renderRequest } from './render-request.ts';

/** What is rendered. The profile's document is checked whole by `compileProfile`. */
export const PreviewInput = z.strictObject({
  profile: z.unknown(),
  event: PublishedEvent,
  tenantId: TenantId.default('acme'),
  subscription: z
    .strictObject({
      id: z.string().max(100).default('sub_00000000000000000000000000'),
      name: Name.nullable().default(null),
      url: z.string().max(2_048).default('https://example.com/hooks'),
      metadata: Metadata.default({}),
    })
    .prefault({}),
  secret: SecretInput.optional().meta({
    description: 'Of the subscription; one is made up if the profile requires one.',
  }),
  tenantKey: SecretInput.optional(),
  attempt: z.int().min(1).max(1_000).default(1),
  at: Moment.optional(),
});

/** As it is documented. */
export const PreviewDocument = PreviewInput.extend({
  profile: z
    .union([ProfileName, ProfileDocument])
    .meta({ description: 'A name, or a whole document that need not be saved.' }),
}).meta({ id: 'PreviewInput' });

export interface PreviewPorts {
  profiles: ProfileSource;
  userAgent: string;
  now: () => number;
}

/**
 * The request that a profile would send.
 * @param bodyText the input as it was sent: the event's data goes out to the letter
 */
export async function previewRequest(
  { profiles, userAgent, now }: PreviewPorts,
  input: z.infer<typeof PreviewInput>,
  bodyText: string,
): Promise<RenderedRequest | Refusal> {
  const profile = await readProfile(profiles, input.profile);
  if (profile instanceof Refusal) return profile;
  const prepared = prepareData(cutJsonMember(bodyText, 'event') ?? 'null', input.event);
  if (!prepared.ok) return invalidField('/event/data', prepared.message);
  const secret = chooseSecret(profile.document, input.secret, defaultVersions(profile.document));
  if (secret instanceof Refusal) return secret;
  const { tenantId, subscription, attempt, at = now() } = input;
  const { id = 'evt_00000000000000000000000000', type, environment, occurredAt: acceptedAt = at } = input.event;
  const times = { occurredAt: acceptedAt, acceptedAt, recordedAt: at };
  return renderRequest(profile, {
    event: { tenantId, id, type, environment, ...times, contentHash: '', data: prepared.data },
    subscription,
    // Ids carry their time, which cannot lie before 1970.
    ref: { subscriptionId: subscription.id, eventId: id, eventAt: Math.max(acceptedAt, 0) },
    attempt,
    at,
    keys: {
      subscription: throwawayKeys(profile.document, secret),
      tenant: input.tenantKey ?? generateTextSecret(),
    },
    userAgent,
  });
}

async function readProfile(profiles: ProfileSource, given: unknown): Promise<CompiledProfile | Refusal> {
  if (typeof given === 'string') {
    const message = `"${given}" does not exist: GET /v1/profiles lists what there is`;
    return (await profiles.get(given, null)) ?? invalidField('/profile', message);
  }
  const compiled = compileProfile(given, 1);
  if (compiled.ok) return compiled.profile;
  return invalidFields(compiled.errors.map((error) => ({ ...error, path: `/profile${error.path}` })));
}
