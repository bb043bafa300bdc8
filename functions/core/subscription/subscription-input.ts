import * as z from 'zod';
import { Environment } from '../event/environment.ts';
import { EventTypePattern } from '../event/event-type.ts';
import { Moment } from '../event/moment.ts';
import { MaxConcurrent, MaxPerSecond } from '../profile/limits.ts';
import { ProfileName } from '../profile/profile.ts';
import { SecretInput } from '../profile/secret.ts';
import { Metadata, MetadataName, MetadataValue, Name, recordOf } from '../text-fields.ts';
import { Filter } from './filter/filter.ts';
import { HEADER_NAME, HeaderValue, SubscriptionHeaders } from './headers.ts';
import { SignatureVersion } from './subscription.ts';

const EventTypes = z
  .array(EventTypePattern)
  .min(1, 'must name at least one event type')
  .max(500)
  .meta({ description: 'Names, prefixes as in employee.*, or *.' });
const SignatureVersions = z
  .array(SignatureVersion)
  .min(1)
  .max(2)
  .refine((versions) => new Set(versions).size === versions.length, 'must not repeat')
  .meta({ uniqueItems: true, description: 'v1 is HMAC-SHA256, v1a is ed25519; several sign side by side.' });

/** A receiver's URL as it is documented; `checkReceiverUrl` says what is wrong with one. */
export const UrlText = z.string().meta({
  format: 'uri',
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s\\\\#/?][^\\s\\\\#]*$',
  maxLength: 2048,
});

const fields = {
  name: Name.nullable(),
  url: UrlText.meta({
    description:
      'User name and password in it are sent as basic auth, and never shown again. In a change, the URL as it is shown keeps them; https://@host/… removes them.',
  }),
  eventTypes: EventTypes,
  environment: Environment,
  profile: ProfileName,
  signatureVersions: SignatureVersions,
  headers: SubscriptionHeaders.meta({
    description:
      'Sent with each delivery; up to 20, with 6,144 characters of names and values together. Their values are kept like secrets.',
  }),
  metadata: Metadata,
  filter: Filter.nullable(),
  maxPerSecond: MaxPerSecond.nullable(),
  maxConcurrent: MaxConcurrent.nullable(),
  expiresAt: Moment.nullable().meta({ description: 'From then on it receives nothing.' }),
};

export const SubscriptionInput = z
  .strictObject({
    name: fields.name.default(null),
    url: fields.url.optional(),
    eventTypes: fields.eventTypes.optional(),
    environment: fields.environment.default('production'),
    profile: fields.profile.optional().meta({ description: 'The tenant’s default, else the deployment’s, if absent.' }),
    signatureVersions: fields.signatureVersions.optional().meta({
      description:
        'v1 is HMAC-SHA256, v1a is ed25519; several sign side by side. Those with which the profile always signs, else v1, if absent.',
    }),
    headers: fields.headers.default({}),
    metadata: fields.metadata.default({}),
    filter: fields.filter.default(null),
    maxPerSecond: fields.maxPerSecond.default(null),
    maxConcurrent: fields.maxConcurrent.default(null),
    expiresAt: fields.expiresAt.default(null),
    secret: SecretInput.optional(),
    target_url: UrlText.optional().meta({ description: 'REST hooks: the same as url.' }),
    event: EventTypePattern.optional().meta({ description: 'REST hooks: one event type.' }),
    subscription_url: z
      .unknown()
      .optional()
      .meta({ description: 'REST hooks: ignored. Zapier sends it from old days.' }),
  })
  .check(({ value, issues }) => {
    for (const [path, alias] of [
      ['url', 'target_url'],
      ['eventTypes', 'event'],
    ] as const) {
      const count = [value[path], value[alias]].filter((one) => one !== undefined).length;
      const message = count === 0 ? 'is required' : `means the same as ${path}: send one of them`;
      if (count !== 1) issues.push({ code: 'custom', path: [count === 0 ? path : alias], message, input: value });
    }
  })
  .meta({
    id: 'SubscriptionInput',
    allOf: [
      { oneOf: [{ required: ['url'] }, { required: ['target_url'] }] },
      { oneOf: [{ required: ['eventTypes'] }, { required: ['event'] }] },
    ],
  });
export type SubscriptionInput = z.infer<typeof SubscriptionInput>;

/** RFC 7396: null clears. */
export const SubscriptionPatch = z
  .strictObject({
    ...fields,
    headers: recordOf(z.string(), HeaderValue.nullable())
      .meta({ propertyNames: { pattern: HEADER_NAME } })
      .nullable()
      .meta({ description: 'A value sent back as it is shown, [redacted], stays what it is.' }),
    metadata: recordOf(MetadataName, MetadataValue.nullable()).nullable(),
  })
  .partial()
  .meta({ id: 'SubscriptionPatch' });
export type SubscriptionPatch = z.infer<typeof SubscriptionPatch>;
