import { changeStored, refuseStale } from '../change-stored.ts';
import type { EventType } from '../event/event-type.ts';
import { fieldErrors } from '../field-error.ts';
import { newId, type Random } from '../ids.ts';
import type { Page } from '../page.ts';
import type { CompiledProfile } from '../profile/compile-profile.ts';
import { chooseSecret } from '../profile/secret.ts';
import { defaultVersions } from '../profile/signature-versions.ts';
import { parseSecret } from '../profile/signing.ts';
import { changedMeanwhile, invalidField, invalidFields, notFound, Refusal } from '../refusal.ts';
import { validateHttpTarget } from '../target/http-target.ts';
import type { ReceiverUrlPolicy } from '../target/receiver-url.ts';
import type { TenantKeys } from '../tenant/tenant-keys.ts';
import type { TenantStore } from '../tenant/tenant-store.ts';
import { Metadata } from '../text-fields.ts';
import { type Owner, subscriptionOwner, type Vault } from '../vault.ts';
import { type Limits, raisesLimits } from './limits.ts';
import { changeHeaders, openHeaders } from './own-headers.ts';
import type { ParkedDeliveries } from './parked-deliveries.ts';
import { type ProfileChoice, refuseByProfile, refuseUnknownTypes } from './profile-rules.ts';
import { nextGeneration, type Subscription } from './subscription.ts';
import type { SubscriptionInput, SubscriptionPatch } from './subscription-input.ts';
import type { SubscriptionKeys } from './subscription-keys.ts';
import type { SubscriptionStore } from './subscription-store.ts';
import { concludeVerification, type ReceiverVerification, type Verified } from './verification.ts';

type Edit = (current: Subscription) => Subscription | Refusal | Promise<Subscription | Refusal>;

/** Creates, changes and deletes subscriptions. What is returned is what is stored. */
export interface Subscriptions {
  create(tenantId: string, input: SubscriptionInput, begins: 'active' | 'paused'): Promise<Subscription | Refusal>;
  read(owner: Owner): Promise<Subscription | Refusal>;
  /** Newest first. */
  page(
    tenantId: string,
    limit: number,
    after: string | null,
    matches: ((subscription: Subscription) => boolean) | null,
  ): Promise<Page<Subscription>>;
  patch(owner: Owner, ifMatch: number | null, patch: SubscriptionPatch): Promise<Subscription | Refusal>;
  /** The subscription as the patch leaves it, checked; not yet written. */
  applyPatch(current: Subscription, patch: SubscriptionPatch): Promise<Subscription | Refusal>;
  /** Reads it, edits it and writes it; starts again if another request wrote it in between. */
  change(owner: Owner, ifMatch: number | null, edit: Edit): Promise<Subscription | Refusal>;
  /** Null once it is deleted. Its deliveries that have not come to an end are cancelled. */
  delete(owner: Owner, ifMatch: number | null): Promise<Refusal | null>;
  /** Its own headers with their values in the clear. */
  revealHeaders(subscription: Subscription): Promise<Record<string, string>>;
  /** Asks its receiver whether it wants to be one. */
  verify(profile: CompiledProfile, subscription: Subscription): Promise<Verified>;
}

export interface SubscriptionsPorts {
  store: SubscriptionStore;
  tenants: Pick<TenantStore, 'createTenant' | 'getTenant'>;
  tenantKeys: TenantKeys;
  profiles: ProfileChoice;
  keys: SubscriptionKeys;
  verification: ReceiverVerification;
  vault: Vault;
  parked: ParkedDeliveries;
  urlPolicy: ReceiverUrlPolicy;
  /** The known event types; null where every type is accepted. */
  listEventTypes: (() => Promise<readonly EventType[]>) | null;
  maxSubscriptionsPerTenant: number;
  now: () => number;
  random: Random;
}

export const PAUSED_BY_REQUEST = { code: 'paused', message: 'It was paused by request.' } as const;

export function createSubscriptions(ports: SubscriptionsPorts): Subscriptions {
  const { store, tenants, tenantKeys, profiles, keys, verification, vault, parked, now } = ports;

  async function refuseTypes(patterns: readonly string[], path: string): Promise<Refusal | null> {
    return ports.listEventTypes === null ? null : refuseUnknownTypes(patterns, await ports.listEventTypes(), path);
  }

  async function refuseOverLimit(tenantId: string): Promise<Refusal | null> {
    const limit = ports.maxSubscriptionsPerTenant;
    if ((await store.countSubscriptions(tenantId, limit)) < limit) return null;
    const message = `The tenant has ${limit} subscriptions, and may not have more. Delete one that is not used, or raise maxSubscriptionsPerTenant.`;
    return new Refusal('limit_reached', message);
  }

  /** The URL and its credentials as they are stored. */
  async function readTarget(
    owner: Owner,
    text: string,
    headers: Record<string, unknown>,
    path: string,
  ): Promise<Pick<Subscription, 'url' | 'credentials'> | Refusal> {
    const checked = validateHttpTarget(text, ports.urlPolicy);
    if (!checked.ok) return invalidField(path, checked.message);
    const { target, credentials } = checked;
    const { url } = target;
    if (credentials === null) return { url, credentials: null };
    const clash = refuseTwoAuthorizations(headers);
    if (clash !== null) return clash;
    return { url, credentials: await vault.seal(`${credentials.username}:${credentials.password}`, owner) };
  }

  /** A secret that the new profile cannot sign with is found now, not at the first delivery. */
  async function refuseSecretOf(profile: CompiledProfile, next: Subscription): Promise<Refusal | null> {
    const current = next.keys.find((key) => key.version === 'v1' && key.endsAt === null);
    const { document } = profile;
    if (current === undefined || document.subscription.secretFormat !== 'whsec') return null;
    if (parseSecret(await vault.open(current.sealed, subscriptionOwner(next))) !== null) return null;
    const message = `${document.name} needs a whsec_ secret, and this subscription has another: create a new subscription`;
    return invalidField('/profile', message);
  }

  /** A signature version that is new to it needs a key. */
  async function withMissingKeys({ document }: CompiledProfile, next: Subscription): Promise<Subscription | Refusal> {
    const missing = next.signatureVersions.filter(
      (version) => !next.keys.some((key) => key.version === version && key.endsAt === null),
    );
    if (missing.length === 0) return next;
    const secret = chooseSecret(document, undefined, missing);
    if (secret instanceof Refusal) return secret;
    return { ...next, keys: [...(await keys.make(subscriptionOwner(next), missing, secret)), ...next.keys] };
  }

  async function verify({ document }: CompiledProfile, subscription: Subscription): Promise<Verified> {
    const owner = subscriptionOwner(subscription);
    const { url, credentials } = subscription;
    const opened = credentials === null ? null : await vault.open(credentials, owner);
    const headers = {
      ...(await openHeaders(vault, subscription)),
      ...(opened === null ? {} : { authorization: `Basic ${Buffer.from(opened).toString('base64')}` }),
    };
    return verification.ask(document, { owner, url, headers });
  }

  async function applyPatch(current: Subscription, patch: SubscriptionPatch): Promise<Subscription | Refusal> {
    const { headers: headersPatch, metadata: metadataPatch, url, eventTypes, ...plain } = patch;
    const refusedTypes = eventTypes === undefined ? null : await refuseTypes(eventTypes, '/eventTypes');
    if (refusedTypes !== null) return refusedTypes;
    const headers = await changeHeaders(vault, current, headersPatch);
    if (headers instanceof Refusal) return headers;
    const metadata = mergeMetadata(current.metadata, metadataPatch);
    if (metadata instanceof Refusal) return metadata;
    // A GET shows the URL without user name and password. Sent back like that, it must not remove them.
    const isShownUrl = url === undefined || url === current.url;
    const target = isShownUrl ? {} : await readTarget(subscriptionOwner(current), url, headers, '/url');
    if (target instanceof Refusal) return target;
    const plainly: Subscription = {
      ...current,
      ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)),
      ...target,
      ...(eventTypes === undefined ? {} : { eventTypes: [...new Set(eventTypes)] }),
      headers,
      metadata,
    };
    const isCleared = patch.maxPerSecond === null || patch.maxConcurrent === null;
    const limited = isCleared ? { ...plainly, ...(await limitsByDefault(current.tenantId, plainly)) } : plainly;
    const next = raisesLimits(current, limited) ? { ...limited, limitRaisedAt: now() } : limited;
    const clash = next.credentials === null ? null : refuseTwoAuthorizations(headers);
    if (clash !== null) return clash;
    const profile = await profiles.choose(current.tenantId, next.profile);
    if (profile instanceof Refusal) return profile;
    const refused = refuseByProfile(profile, next, '/eventTypes');
    if (refused !== null) return refused;
    if (next.profile !== current.profile) {
      const unfit = (await ensureTenantKey(profile, next.tenantId)) ?? (await refuseSecretOf(profile, next));
      if (unfit !== null) return unfit;
    }
    const keyed = await withMissingKeys(profile, next);
    if (keyed instanceof Refusal) return keyed;
    const isUnverified = current.status === 'unverified';
    // An unverified receiver is asked again whenever its URL is sent.
    const isSettled = isShownUrl && (url === undefined || !isUnverified);
    if (isSettled && next.profile === current.profile) return keyed;
    // A profile that asks no receiver ends the wait for the consent of one that another profile asked.
    if (profile.document.verification === 'none' && !isUnverified) return keyed;
    // Another receiver, or another profile, has to be asked as the first one was.
    return concludeVerification(keyed, await verify(profile, keyed));
  }

  /** The tenant's defaults where a subscription has no limit: copied, so that deliveries need not read the tenant. */
  async function limitsByDefault(tenantId: string, { maxPerSecond, maxConcurrent }: Limits): Promise<Limits> {
    if (maxPerSecond !== null && maxConcurrent !== null) return { maxPerSecond, maxConcurrent };
    const tenant = await tenants.getTenant(tenantId);
    return {
      maxPerSecond: maxPerSecond ?? tenant?.defaultMaxPerSecond ?? null,
      maxConcurrent: maxConcurrent ?? tenant?.defaultMaxConcurrent ?? null,
    };
  }

  async function ensureTenantKey(profile: CompiledProfile, tenantId: string): Promise<Refusal | null> {
    if (!profile.usesTenantKey) return null;
    const key = await tenantKeys.ensure(tenantId);
    return key instanceof Refusal ? key : null;
  }

  async function create(
    tenantId: string,
    input: SubscriptionInput,
    begins: 'active' | 'paused',
  ): Promise<Subscription | Refusal> {
    const { target_url, event, subscription_url: _legacy, url, eventTypes: types, secret: brought, ...rest } = input;
    const { profile: profileName, headers: given, ...plain } = rest;
    const at = now();
    const id = newId('sub', at, ports.random);
    const owner = subscriptionOwner({ tenantId, id });
    const eventTypes = [...new Set(types ?? (event === undefined ? [] : [event]))];
    const typesPath = types === undefined ? '/event' : '/eventTypes';
    const overLimit = await refuseOverLimit(tenantId);
    if (overLimit !== null) return overLimit;
    const profile = await profiles.choose(tenantId, profileName);
    if (profile instanceof Refusal) return profile;
    const signatureVersions = plain.signatureVersions ?? defaultVersions(profile.document);
    const refused =
      refuseByProfile(profile, { ...plain, eventTypes, signatureVersions, headers: given }, typesPath) ??
      (await refuseTypes(eventTypes, typesPath));
    if (refused !== null) return refused;
    const urlPath = url === undefined ? '/target_url' : '/url';
    const target = await readTarget(owner, url ?? target_url ?? '', given, urlPath);
    if (target instanceof Refusal) return target;
    const headers = await changeHeaders(vault, { tenantId, id, headers: {} }, given);
    if (headers instanceof Refusal) return headers;
    const secret = chooseSecret(profile.document, brought, signatureVersions);
    if (secret instanceof Refusal) return secret;
    const refusedKey = await ensureTenantKey(profile, tenantId);
    if (refusedKey !== null) return refusedKey;
    const fresh: Subscription = {
      ...plain,
      ...(await limitsByDefault(tenantId, plain)),
      ...target,
      headers,
      id,
      tenantId,
      eventTypes,
      signatureVersions,
      profile: profile.document.name,
      keys: await keys.make(owner, signatureVersions, secret),
      ...(begins === 'active'
        ? { status: 'active', statusReason: null }
        : { status: 'paused', statusReason: { ...PAUSED_BY_REQUEST, at } }),
      interrupted: null,
      verificationToken: null,
      hasBeenVerified: false,
      generation: 0,
      limitRaisedAt: null,
      discards: [],
      health: null,
      createdAt: at,
      updatedAt: at,
      revision: 0,
    };
    const subscription = concludeVerification(fresh, await verify(profile, fresh));
    await tenants.createTenant(tenantId, at);
    await store.saveSubscription(subscription, 0);
    return { ...subscription, revision: 1 };
  }

  function change({ tenantId, subscriptionId }: Owner, ifMatch: number | null, edit: Edit) {
    return changeStored({
      what: 'subscription',
      ifMatch,
      read: () => store.getSubscription(tenantId, subscriptionId),
      change: async (current) => {
        const next = await edit(current);
        if (next instanceof Refusal) return next;
        return { ...next, generation: nextGeneration(current, next), updatedAt: now() };
      },
      save: store.saveSubscription,
    });
  }

  return {
    create,
    change,
    applyPatch,
    verify,
    page: store.pageSubscriptions,
    revealHeaders: (subscription) => openHeaders(vault, subscription),

    async read({ tenantId, subscriptionId }) {
      return (await store.getSubscription(tenantId, subscriptionId)) ?? notFound('subscription');
    },

    async patch(owner, ifMatch, patch) {
      const patched = await change(owner, ifMatch, (current) => applyPatch(current, patch));
      const mayGoOn = MAY_END_A_WAIT.some((name) => patch[name] !== undefined);
      if (!(patched instanceof Refusal) && mayGoOn && patched.status === 'active') {
        await parked.settle(patched);
      }
      return patched;
    },

    async delete({ tenantId, subscriptionId }, ifMatch) {
      const current = await store.getSubscription(tenantId, subscriptionId);
      if (current === null) return notFound('subscription');
      const stale = refuseStale(ifMatch, current);
      if (stale !== null) return stale;
      if (!(await store.deleteSubscription(current))) return changedMeanwhile();
      // The subscription is gone, which a repeated request could not tell. Its deliveries are cancelled when they are due.
      await parked.settle(current).catch(() => {});
      return null;
    },
  };
}

/** Another URL, or another profile, may have been verified where the one before was not; another limit lets more through. */
const MAY_END_A_WAIT = ['url', 'profile', 'maxPerSecond', 'maxConcurrent'] as const;

/** Basic auth of the URL and an own header would be two values for one header. */
function refuseTwoAuthorizations(headers: Record<string, unknown>): Refusal | null {
  const name = Object.keys(headers).find((one) => one.toLowerCase() === 'authorization');
  if (name === undefined) return null;
  return invalidField(`/headers/${name}`, 'cannot be sent beside the basic auth of the URL: remove one of them');
}

/** RFC 7396: null removes. */
function mergeMetadata(
  current: Record<string, string>,
  patch: Record<string, string | null> | null | undefined,
): Record<string, string> | Refusal {
  if (patch === undefined) return current;
  const merged = new Map(patch === null ? [] : Object.entries(current));
  for (const [name, value] of Object.entries(patch ?? {})) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  const whole = Object.fromEntries(merged);
  const parsed = Metadata.safeParse(whole);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error, whole);
  return invalidFields(errors.map(({ path, message }) => ({ path: `/metadata${path}`, message })));
}
