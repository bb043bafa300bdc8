import * as z from 'zod';
import { releaseMessage } from '../core/delivery/queue-message.ts';
import { Environment } from '../core/event/environment.ts';
import { EventTypePattern, unknownPatterns } from '../core/event/event-type.ts';
import type { FieldError } from '../core/field-error.ts';
import { newId } from '../core/ids.ts';
import type { Profile } from '../core/profile/compile-profile.ts';
import { ProfileName } from '../core/profile/profile.ts';
import { parseSecret } from '../core/profile/signing.ts';
import { Filter } from '../core/subscription/filter/filter.ts';
import { SubscriptionHeaders } from '../core/subscription/headers.ts';
import { SignatureVersion, type StatusReason, type Subscription } from '../core/subscription/subscription.ts';
import { checkReceiverUrl, splitCredentials } from '../core/target/receiver-url.ts';
import { Metadata, Name } from './http/fields.ts';
import { modify } from './http/modify.ts';
import { invalid, notFound } from './http/problem.ts';
import { type ApiDeps, Moment } from './http/route.ts';
import { chooseSecret, makeKeys, SecretInput } from './secrets.ts';
import { ensureTenantKey } from './tenant-key.ts';
import { verifyReceiver } from './verification.ts';

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
  .meta({ description: 'v1 is HMAC-SHA256, v1a is ed25519; several sign side by side.' });

const fields = {
  name: Name.nullable(),
  url: z.string().meta({
    description:
      'User name and password in it are sent as basic auth, and never shown again. In a change, the URL as it is shown keeps them; https://@host/… removes them.',
  }),
  eventTypes: EventTypes,
  environment: Environment,
  profile: ProfileName,
  signatureVersions: SignatureVersions,
  headers: SubscriptionHeaders.meta({ description: 'Sent with each delivery; up to 20.' }),
  metadata: Metadata,
  filter: Filter.nullable(),
  expiresAt: Moment.nullable().meta({ description: 'From then on it receives nothing.' }),
};

export const SubscriptionInput = z
  .strictObject({
    name: fields.name.default(null),
    url: fields.url.optional(),
    eventTypes: fields.eventTypes.optional(),
    environment: fields.environment.default('production'),
    profile: fields.profile.optional().meta({ description: 'The tenant’s default, else the deployment’s, if absent.' }),
    signatureVersions: fields.signatureVersions.default(['v1']),
    headers: fields.headers.default({}),
    metadata: fields.metadata.default({}),
    filter: fields.filter.default(null),
    expiresAt: fields.expiresAt.default(null),
    secret: SecretInput.optional(),
    target_url: z.string().optional().meta({ description: 'REST hooks: the same as url.' }),
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
  .meta({ id: 'SubscriptionInput' });
export type SubscriptionInput = z.infer<typeof SubscriptionInput>;

/** RFC 7396: null clears. */
export const SubscriptionPatch = z
  .strictObject({
    ...fields,
    headers: z.record(z.string(), z.string().nullable()).nullable(),
    metadata: z.record(z.string(), z.string().nullable()).nullable(),
  })
  .partial()
  .meta({ id: 'SubscriptionPatch' });
export type SubscriptionPatch = z.infer<typeof SubscriptionPatch>;

interface Owner {
  tenantId: string;
  subscriptionId: string;
}

/** @param paused why it begins paused, if it does */
export async function createSubscription(
  deps: ApiDeps,
  tenantId: string,
  input: SubscriptionInput,
  paused: StatusReason | null = null,
): Promise<Subscription> {
  const {
    target_url,
    event,
    subscription_url: _legacy,
    url,
    eventTypes: types,
    secret,
    profile: profileName,
    ...rest
  } = input;
  const now = deps.now();
  const owner = { tenantId, subscriptionId: newId('sub', now, deps.random) };
  const eventTypes = [...new Set(types ?? (event === undefined ? [] : [event]))];
  const profile = await chooseProfile(deps, tenantId, profileName);
  checkRules(
    profile,
    { name: rest.name, eventTypes, signatureVersions: rest.signatureVersions },
    types === undefined ? '/event' : '/eventTypes',
  );
  await checkTypes(deps, eventTypes, types === undefined ? '/event' : '/eventTypes');
  const givenUrl = url ?? target_url ?? '';
  const target = await readTarget(deps, owner, givenUrl, rest.headers, url === undefined ? '/target_url' : '/url');
  const keys = await makeKeys(deps, owner, rest.signatureVersions, chooseSecret(profile.document, secret));
  if (profile.usesTenantKey) await ensureTenantKey(deps, tenantId);
  const verified = await verifyReceiver(deps, profile.document, { owner, url: givenUrl, headers: rest.headers });
  const subscription: Subscription = {
    ...rest,
    ...target,
    ...verified,
    hasBeenVerified: verified.status === 'active',
    ...(paused === null || verified.status !== 'active' ? {} : { status: 'paused', statusReason: paused }),
    id: owner.subscriptionId,
    tenantId,
    eventTypes,
    profile: profile.document.name,
    keys,
    createdAt: now,
    updatedAt: now,
    revision: 0,
  };
  await deps.catalog.createTenant(tenantId, now);
  await deps.catalog.saveSubscription(subscription, 0);
  return { ...subscription, revision: 1 };
}

export async function readSubscription(deps: ApiDeps, { tenantId, subscriptionId }: Owner): Promise<Subscription> {
  const subscription = await deps.catalog.getSubscription(tenantId, subscriptionId);
  if (subscription === null) throw notFound('subscription');
  return subscription;
}

export function changeSubscription(
  deps: ApiDeps,
  { tenantId, subscriptionId }: Owner,
  ifMatch: number | null,
  edit: (current: Subscription) => Subscription | Promise<Subscription>,
): Promise<Subscription> {
  return modify({
    what: 'subscription',
    ifMatch,
    read: () => deps.catalog.getSubscription(tenantId, subscriptionId),
    change: async (current) => ({ ...(await edit(current)), updatedAt: deps.now() }),
    save: deps.catalog.saveSubscription,
  });
}

export async function patchSubscription(
  deps: ApiDeps,
  owner: Owner,
  ifMatch: number | null,
  patch: SubscriptionPatch,
): Promise<Subscription> {
  return changeSubscription(deps, owner, ifMatch, (current) => applyPatch(deps, current, patch));
}

/** False if somebody changed it since it was read. Its parked deliveries, which nothing else looks at any more, are cancelled. */
export async function deleteSubscription(deps: ApiDeps, current: Subscription): Promise<boolean> {
  const deleted = await deps.catalog.deleteSubscription(current);
  if (deleted) await deps.retries.send([releaseMessage(current, 'discard', null)]);
  return deleted;
}

/** The subscription as the patch leaves it, checked; not yet written. */
export async function applyPatch(
  deps: ApiDeps,
  current: Subscription,
  patch: SubscriptionPatch,
): Promise<Subscription> {
  if (patch.eventTypes !== undefined) await checkTypes(deps, patch.eventTypes, '/eventTypes');
  const owner = { tenantId: current.tenantId, subscriptionId: current.id };
  const { headers: headersPatch, metadata: metadataPatch, url, eventTypes, ...plain } = patch;
  const headers = checked(SubscriptionHeaders, merge(current.headers, headersPatch), '/headers');
  const metadata = checked(Metadata, merge(current.metadata, metadataPatch), '/metadata');
  // A GET shows the URL without user name and password. Sent back like that, it must not remove them.
  const isShownUrl = url === undefined || url === current.url;
  const target = isShownUrl ? {} : await readTarget(deps, owner, url, headers, '/url');
  const next: Subscription = {
    ...current,
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
    ...target,
    ...(eventTypes === undefined ? {} : { eventTypes: [...new Set(eventTypes)] }),
    headers,
    metadata,
  };
  checkAuthorization(headers, next.credentials !== null);
  const profile = await chooseProfile(deps, current.tenantId, next.profile);
  checkRules(profile, next, '/eventTypes');
  if (next.profile !== current.profile) await checkProfileChange(deps, profile, next);
  const keyed = await withMissingKeys(deps, profile, next);
  // An unverified receiver is asked again whenever its URL is sent.
  const isSettled = isShownUrl && (url === undefined || current.status !== 'unverified');
  if ((isSettled && next.profile === current.profile) || profile.document.verification === 'none') return keyed;
  // Another receiver, or another profile, has to be asked as the first one was. Its consent does not end a pause.
  const verified = await verifyStored(deps, profile, keyed);
  if (verified.status === 'active' && next.status !== 'unverified') return keyed;
  return { ...keyed, ...verified, hasBeenVerified: current.hasBeenVerified || verified.status === 'active' };
}

/** Asks the receiver of a subscription as it is stored. */
export async function verifyStored(deps: ApiDeps, { document }: Profile, subscription: Subscription) {
  const { tenantId, id, url, credentials } = subscription;
  const owner = { tenantId, subscriptionId: id };
  const opened = credentials === null ? null : await deps.vault.open(credentials, owner);
  const headers = {
    ...subscription.headers,
    ...(opened === null ? {} : { authorization: `Basic ${Buffer.from(opened).toString('base64')}` }),
  };
  return verifyReceiver(deps, document, { owner, url, headers });
}

/** A signature version that is new to it needs a key. */
async function withMissingKeys(deps: ApiDeps, { document }: Profile, next: Subscription): Promise<Subscription> {
  const missing = next.signatureVersions.filter(
    (version) => !next.keys.some((key) => key.version === version && key.endsAt === null),
  );
  if (missing.length === 0) return next;
  const owner = { tenantId: next.tenantId, subscriptionId: next.id };
  return {
    ...next,
    keys: [...(await makeKeys(deps, owner, missing, chooseSecret(document, undefined))), ...next.keys],
  };
}

export async function chooseProfile(deps: ApiDeps, tenantId: string, name: string | undefined): Promise<Profile> {
  const chosen = name ?? (await deps.catalog.getTenant(tenantId))?.defaultProfile ?? deps.defaultProfile;
  const profile = await deps.profiles.get(chosen, null);
  if (profile === null)
    throw invalid([{ path: '/profile', message: `"${chosen}" does not exist: GET /v1/profiles lists what there is` }]);
  return profile;
}

/** What the profile demands of a subscription. */
function checkRules(
  { document }: Profile,
  { name, eventTypes, signatureVersions }: Pick<Subscription, 'name' | 'eventTypes' | 'signatureVersions'>,
  path: string,
): void {
  const { name: profile, subscription, signatures } = document;
  const errors: FieldError[] = [];
  if (subscription.requiredFields.includes('name') && name === null) {
    errors.push({ path: '/name', message: `is required by the profile ${profile}` });
  }
  if (subscription.eventTypes === 'one' && (eventTypes.length !== 1 || eventTypes[0]?.endsWith('*') === true)) {
    errors.push({
      path,
      message: `must be exactly one event type: the profile ${profile} takes one for each subscription`,
    });
  }
  if (signatureVersions.includes('v1a') && !signatures.some(({ algorithm }) => algorithm === 'ed25519')) {
    errors.push({ path: '/signatureVersions', message: `v1a is not known to the profile ${profile}` });
  }
  if (errors.length > 0) throw invalid(errors);
}

/** A secret that the new profile cannot sign with must not be found out at the first delivery. */
async function checkProfileChange(deps: ApiDeps, profile: Profile, next: Subscription): Promise<void> {
  if (profile.usesTenantKey) await ensureTenantKey(deps, next.tenantId);
  const current = next.keys.find((key) => key.version === 'v1' && key.endsAt === null);
  const { secretFormat } = profile.document.subscription;
  if (current === undefined || secretFormat !== 'whsec') return;
  const secret = await deps.vault.open(current.sealed, { tenantId: next.tenantId, subscriptionId: next.id });
  if (parseSecret(secret) === null) {
    throw invalid([
      {
        path: '/profile',
        message: `${profile.document.name} needs a whsec_ secret, and this subscription has another: subscribe anew`,
      },
    ]);
  }
}

/** The URL and its credentials as they are stored. */
async function readTarget(
  deps: ApiDeps,
  owner: Owner,
  text: string,
  headers: Record<string, string>,
  path: string,
): Promise<Pick<Subscription, 'url' | 'credentials'>> {
  const checkedUrl = checkReceiverUrl(text, deps.urlPolicy);
  if (!checkedUrl.ok) throw invalid([{ path, message: checkedUrl.message }]);
  const { url, credentials } = splitCredentials(text);
  if (credentials === null) return { url, credentials: null };
  checkAuthorization(headers, true);
  return { url, credentials: await deps.vault.seal(`${credentials.username}:${credentials.password}`, owner) };
}

function checkAuthorization(headers: Record<string, string>, hasCredentials: boolean): void {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === 'authorization');
  if (!hasCredentials || name === undefined) return;
  const message = 'cannot be sent beside the basic auth of the URL: remove one of them';
  throw invalid([{ path: `/headers/${name}`, message }]);
}

/** In strict event types a pattern that matches no type is a mistake, and is named. */
async function checkTypes(deps: ApiDeps, patterns: readonly string[], path: string): Promise<void> {
  if (deps.eventTypes === 'open') return;
  const unknown = unknownPatterns(patterns, await deps.catalog.listEventTypes());
  if (unknown.length === 0) return;
  throw invalid(
    unknown.map(
      (pattern): FieldError => ({
        path: path === '/event' ? path : `${path}/${patterns.indexOf(pattern)}`,
        message: `"${pattern}" matches no known event type`,
      }),
    ),
  );
}

function merge(
  current: Record<string, string>,
  patch: Record<string, string | null> | null | undefined,
): Record<string, string> {
  if (patch === undefined) return current;
  if (patch === null) return {};
  const merged = new Map(Object.entries(current));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => ({
      path: [path, ...issue.path.map(String)].join('/'),
      message: issue.message,
    })),
  );
}
