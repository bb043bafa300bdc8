import * as z from 'zod';
import { refuseStale } from '../../core/change-stored.ts';
import { renderRequest } from '../../core/delivery/render-request.ts';
import { prepareData } from '../../core/event/event-data.ts';
import { Moment } from '../../core/event/moment.ts';
import { PublishedEvent } from '../../core/event/published-event.ts';
import { TenantId } from '../../core/ids.ts';
import { cutJsonMember } from '../../core/json/json-text.ts';
import { BUILT_IN_PROFILES } from '../../core/profile/built-in-profiles.ts';
import { compileProfile, type Profile } from '../../core/profile/compile-profile.ts';
import { ProfileDocument, ProfileName } from '../../core/profile/profile.ts';
import type { ProfileSource } from '../../core/profile/profile-source.ts';
import type { ProfileStore, StoredProfile } from '../../core/profile/profile-store.ts';
import { longestSpanSeconds } from '../../core/profile/retry-policy.ts';
import { chooseSecret, generateTextSecret, SecretInput } from '../../core/profile/secret.ts';
import { changedMeanwhile, Refusal } from '../../core/refusal.ts';
import type { TenantStore } from '../../core/tenant/tenant-store.ts';
import { Metadata, Name } from '../../core/text-fields.ts';
import { pageByName } from '../http/page-by-name.ts';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { pageQuery, route } from '../http/route.ts';
import { checkLength } from '../schemas/event-type-texts.ts';
import { listOf } from '../schemas/list.ts';
import { Timestamp, timeOrNull } from '../schemas/values.ts';

const ProfileView = z
  .object({
    name: z.string(),
    version: z.int(),
    builtIn: z.boolean(),
    document: ProfileDocument,
    createdAt: Timestamp.nullable(),
    updatedAt: Timestamp.nullable(),
  })
  .meta({ id: 'ProfileVersion' });

function profileView({
  createdAt,
  updatedAt,
  ...rest
}: {
  name: string;
  version: number;
  builtIn: boolean;
  document: unknown;
  createdAt: number | null;
  updatedAt: number | null;
}) {
  return { ...rest, createdAt: timeOrNull(createdAt), updatedAt: timeOrNull(updatedAt) };
}

const PreviewInput = z.strictObject({
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

const params = { profile: ProfileName };
const One = { 200: { description: 'The profile.', schema: ProfileView } };

export interface ProfileRouteDeps {
  profiles: ProfileSource;
  store: ProfileStore;
  tenants: Pick<TenantStore, 'listTenants'>;
  defaultProfile: string;
  userAgent: string;
  /** How long events are kept. */
  journalRetentionDays: number;
  now: () => number;
}

export const createProfileRoutes = (deps: ProfileRouteDeps) => [
  route('GET', '/v1/profiles', {
    id: 'listProfiles',
    summary: 'List profiles by name, built-in ones and your own',
    tag: 'Profiles',
    access: 'company',
    query: pageQuery,
    responses: { 200: { description: 'A page of profiles.', schema: listOf(ProfileView) } },
    run: async ({ query }) => {
      const own = (await deps.store.listProfiles()).filter(({ deleted }) => !deleted);
      const all = [...[...BUILT_IN_PROFILES.values()].map(builtInView), ...own.map(ownView)];
      return { status: 200, body: pageByName(all, query) };
    },
  }),
  route('POST', '/v1/profiles', {
    id: 'createProfile',
    summary: 'Add a profile',
    tag: 'Profiles',
    access: 'company',
    // Checked whole by compileProfile, which names every mistake.
    body: z.unknown(),
    bodyDocumented: ProfileDocument,
    responses: { 201: { description: 'Added, as version 1.', schema: ProfileView } },
    run: async ({ body, bodyText }) => {
      checkLength(bodyText, '');
      const { document } = compile(body);
      checkSpan(document, deps.journalRetentionDays);
      if (BUILT_IN_PROFILES.has(document.name) || document.name === 'preview')
        throw new Problem('conflict', `${document.name} is taken by Posthorn. Choose another name.`);
      const now = deps.now();
      const saved = await deps.store.saveProfile(
        // With its defaults: a later release may have others, and a version never changes.
        { name: document.name, document, createdAt: now, updatedAt: now },
        0,
      );
      if (saved === null)
        throw new Problem('conflict', `There is a profile ${document.name} already. Change it with PUT.`);
      return { status: 201, body: ownView(saved), revision: saved.revision };
    },
  }),
  route('POST', '/v1/profiles/preview', {
    id: 'previewProfile',
    summary: 'See exactly what a profile would send, without sending it',
    tag: 'Profiles',
    access: 'company',
    body: PreviewInput,
    // A document is checked whole by compileProfile.
    bodyDocumented: PreviewInput.extend({
      profile: z
        .union([ProfileName, ProfileDocument])
        .meta({ description: 'A name, or a whole document that need not be saved.' }),
    }).meta({ id: 'PreviewInput' }),
    responses: {
      200: {
        description: 'The request.',
        schema: z.object({
          method: z.literal('POST'),
          url: z.string(),
          headers: z.record(z.string(), z.string()),
          body: z.string(),
          bodyBase64: z.string().meta({ description: 'The bytes of the body.' }),
        }),
      },
    },
    run: async ({ body, bodyText }) => {
      const profile =
        typeof body.profile === 'string' ? await find(deps, body.profile) : compile(body.profile, '/profile');
      const prepared = prepareData(cutJsonMember(bodyText, 'event') ?? 'null', body.event);
      if (!prepared.ok) throw invalid([{ path: '/event/data', message: prepared.message }]);
      const at = body.at ?? deps.now();
      const { id = 'evt_00000000000000000000000000', type, environment, occurredAt } = body.event;
      const acceptedAt = occurredAt ?? at;
      const event = {
        tenantId: body.tenantId,
        id,
        type,
        environment,
        occurredAt: acceptedAt,
        acceptedAt,
        recordedAt: at,
        contentHash: '',
        data: prepared.data,
      };
      // Ids carry their time, which cannot lie before 1970.
      const ref = { subscriptionId: body.subscription.id, eventId: id, eventAt: Math.max(acceptedAt, 0) };
      const secret = chooseSecret(profile.document, body.secret);
      if (secret instanceof Refusal) return secret;
      const request = renderRequest(profile, {
        event,
        subscription: body.subscription,
        ref,
        attempt: body.attempt,
        at,
        keys: {
          subscription: secret === null ? [] : [{ version: 'v1', material: secret }],
          tenant: body.tenantKey ?? generateTextSecret(),
        },
        userAgent: deps.userAgent,
      });
      return {
        status: 200,
        body: {
          method: 'POST',
          url: body.subscription.url,
          headers: request.headers,
          body: request.body,
          bodyBase64: Buffer.from(request.body).toString('base64'),
        },
      };
    },
  }),
  route('GET', '/v1/profiles/{profile}', {
    id: 'getProfile',
    summary: 'Read a profile',
    tag: 'Profiles',
    access: 'company',
    params,
    responses: One,
    run: async ({ params }) => {
      const builtIn = BUILT_IN_PROFILES.get(params.profile);
      if (builtIn !== undefined) return { status: 200, body: builtInView(builtIn) };
      const stored = await readOwn(deps, params.profile);
      return { status: 200, body: ownView(stored), revision: stored.revision };
    },
  }),
  route('PUT', '/v1/profiles/{profile}', {
    id: 'replaceProfile',
    summary: 'Make the next version of a profile; deliveries under way keep theirs',
    tag: 'Profiles',
    access: 'company',
    params,
    body: z.unknown(),
    bodyDocumented: ProfileDocument,
    conditional: true,
    responses: One,
    run: async ({ params, body, bodyText, ifMatch }) => {
      checkLength(bodyText, '');
      const { document } = compile(body);
      checkSpan(document, deps.journalRetentionDays);
      if (document.name !== params.profile)
        throw invalid([{ path: '/name', message: `must be ${params.profile}, as in the path` }]);
      const current = await readOwn(deps, params.profile);
      const stale = refuseStale(ifMatch, current);
      if (stale !== null) return stale;
      await checkKeys(deps, current, document);
      const saved = await deps.store.saveProfile({ ...current, document, updatedAt: deps.now() }, current.revision);
      if (saved === null) return changedMeanwhile();
      return { status: 200, body: ownView(saved), revision: saved.revision };
    },
  }),
  route('DELETE', '/v1/profiles/{profile}', {
    id: 'deleteProfile',
    summary: 'Delete a profile that no subscription and no tenant uses',
    tag: 'Profiles',
    access: 'company',
    params,
    conditional: true,
    responses: { 204: { description: 'Deleted.', schema: null } },
    run: async ({ params, ifMatch }) => {
      const stored = await readOwn(deps, params.profile);
      const stale = refuseStale(ifMatch, stored);
      if (stale !== null) return stale;
      if (deps.defaultProfile === params.profile)
        throw new Problem('conflict', 'It is the default of this deployment.');
      if (await deps.store.isProfileUsed(params.profile))
        throw new Problem('conflict', 'Subscriptions use it. Change or delete them first.');
      const tenant = await tenantWithDefault(deps, params.profile);
      if (tenant !== null)
        throw new Problem('conflict', `It is the default of the tenant ${tenant}. Change that first.`);
      return (await deps.store.deleteProfile(stored)) ? { status: 204 } : changedMeanwhile();
    },
  }),
];

function compile(document: unknown, path = ''): Profile {
  const compiled = compileProfile(document, 1);
  if (compiled.ok) return compiled.profile;
  throw invalid(compiled.errors.map((error) => ({ ...error, path: path + error.path })));
}

async function find(deps: ProfileRouteDeps, name: string): Promise<Profile> {
  const profile = await deps.profiles.get(name, null);
  if (profile === null)
    throw invalid([{ path: '/profile', message: `"${name}" does not exist: GET /v1/profiles lists what there is` }]);
  return profile;
}

async function readOwn(deps: ProfileRouteDeps, name: string): Promise<StoredProfile> {
  if (BUILT_IN_PROFILES.has(name))
    throw new Problem('conflict', `${name} is built in and cannot be changed. Add one of your own like it.`);
  const stored = await deps.store.getLatestProfile(name);
  if (stored === null) throw notFound('profile');
  return stored;
}

/** What a subscription's keys must be is settled when it is made: a version that needs others would leave it unsigned. */
async function checkKeys(deps: ProfileRouteDeps, current: StoredProfile, next: ProfileDocument): Promise<void> {
  const before = compile(current.document).document;
  // A further scheme is fine: it signs with the keys that are there.
  const demands = ({ subscription, signatures }: ProfileDocument) =>
    [subscription.secret, subscription.secretFormat, signatures.some(({ key }) => key === 'tenant')].join();
  if (demands(before) === demands(next) || !(await deps.store.isProfileUsed(next.name))) return;
  const message =
    'Subscriptions use it, and their keys were made for its secret, its format and its signing key’s owner as they are. Add a profile of another name.';
  throw new Problem('conflict', message);
}

async function tenantWithDefault(deps: ProfileRouteDeps, name: string): Promise<string | null> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof deps.tenants.listTenants>> = await deps.tenants.listTenants(100, after);
    const found = page.values.find(({ defaultProfile }) => defaultProfile === name);
    if (found !== undefined) return found.id;
    after = page.next;
  } while (after !== null);
  return null;
}

/** Kept back for what a delivery may wait besides its schedule: a pause, a backlog. */
const RETENTION_RESERVE_DAYS = 1;

/** An attempt that comes after the journal has forgotten its event could not be made. */
function checkSpan({ retry }: ProfileDocument, journalRetentionDays: number): void {
  const days = longestSpanSeconds(retry) / 86_400;
  const most = journalRetentionDays - RETENTION_RESERVE_DAYS;
  if (days <= most) return;
  const message = `can take ${days.toFixed(1)} days, Retry-After included, and events are kept for ${journalRetentionDays}: shorten it to ${most}, set deadlineSeconds, or raise journalRetentionDays`;
  throw invalid([{ path: '/retry', message }]);
}

function builtInView({ document, version }: Profile) {
  return profileView({ name: document.name, version, builtIn: true, document, createdAt: null, updatedAt: null });
}

function ownView({ name, version, document, createdAt, updatedAt }: StoredProfile) {
  return profileView({ name, version, builtIn: false, document, createdAt, updatedAt });
}
