import * as z from 'zod';
import { templateValues } from '../../core/delivery/template-values.ts';
import { prepareData } from '../../core/event/event-data.ts';
import { PublishedEvent } from '../../core/event/published-event.ts';
import { TenantId } from '../../core/ids.ts';
import { cutJsonMember } from '../../core/json/json-text.ts';
import { BUILT_IN_PROFILES } from '../../core/profile/built-in-profiles.ts';
import { compileProfile, type Profile } from '../../core/profile/compile-profile.ts';
import { ProfileDocument, ProfileName } from '../../core/profile/profile.ts';
import type { StoredProfile } from '../../core/profile/profile-store.ts';
import { Metadata, Name } from '../http/fields.ts';
import { checkRevision } from '../http/modify.ts';
import { invalid, notFound, Problem } from '../http/problem.ts';
import { type ApiDeps, Moment, route } from '../http/route.ts';
import { chooseSecret, generateTextSecret, SecretInput } from '../secrets.ts';
import { checkLength } from './event-types.ts';
import { listOf, ProfileView, profileView } from './views.ts';

const params = { profile: ProfileName };
const One = { 200: { description: 'The profile.', schema: ProfileView } };

export const profileRoutes = [
  route('GET', '/v1/profiles', {
    summary: 'List profiles: those that are built in, then your own',
    tag: 'Profiles',
    access: 'company',
    responses: { 200: { description: 'All of them.', schema: listOf(ProfileView) } },
    run: async ({ deps }) => {
      const own = (await deps.profileStore.listProfiles()).filter(({ deleted }) => !deleted);
      return {
        status: 200,
        body: { data: [...[...BUILT_IN_PROFILES.values()].map(builtInView), ...own.map(ownView)], nextCursor: null },
      };
    },
  }),
  route('POST', '/v1/profiles', {
    summary: 'Add a profile',
    tag: 'Profiles',
    access: 'company',
    // Checked whole by compileProfile, which names every mistake.
    body: z.unknown(),
    bodyDocumented: ProfileDocument,
    responses: { 201: { description: 'Added, as version 1.', schema: ProfileView } },
    run: async ({ body, bodyText, deps }) => {
      checkLength(bodyText, '');
      const { document } = compile(body);
      if (BUILT_IN_PROFILES.has(document.name))
        throw new Problem('conflict', `${document.name} is built in. Choose another name.`);
      const now = deps.now();
      const saved = await deps.profileStore.saveProfile(
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
    summary: 'See exactly what a profile would send, without sending it',
    tag: 'Profiles',
    access: 'company',
    body: z
      .strictObject({
        profile: z
          .union([ProfileName, z.record(z.string(), z.unknown())])
          .meta({ description: 'A name, or a whole document that need not be saved.' }),
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
      })
      .meta({ id: 'PreviewInput' }),
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
    run: async ({ body, bodyText, deps }) => {
      const profile =
        typeof body.profile === 'string' ? await find(deps, body.profile) : compile(body.profile, '/profile');
      const prepared = prepareData(cutJsonMember(bodyText, 'event') ?? 'null', body.event);
      if (!prepared.ok) throw invalid([{ path: '/event/data', message: prepared.message }]);
      const at = body.at ?? deps.now();
      const { id = 'evt_00000000000000000000000000', type, environment, occurredAt } = body.event;
      const acceptedAt = occurredAt === undefined ? at : Date.parse(occurredAt);
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
      const request = profile.render(templateValues(event, body.subscription, { ref, attempt: body.attempt, at }), {
        subscription: secret === null ? [] : [{ version: 'v1', material: secret }],
        tenant: body.tenantKey ?? generateTextSecret(),
      });
      return {
        status: 200,
        body: {
          method: 'POST',
          url: body.subscription.url,
          headers: { 'user-agent': deps.userAgent, ...request.headers },
          body: request.body,
          bodyBase64: Buffer.from(request.body).toString('base64'),
        },
      };
    },
  }),
  route('GET', '/v1/profiles/{profile}', {
    summary: 'Read a profile',
    tag: 'Profiles',
    access: 'company',
    params,
    responses: One,
    run: async ({ params, deps }) => {
      const builtIn = BUILT_IN_PROFILES.get(params.profile);
      if (builtIn !== undefined) return { status: 200, body: builtInView(builtIn) };
      const stored = await readOwn(deps, params.profile);
      return { status: 200, body: ownView(stored), revision: stored.revision };
    },
  }),
  route('PUT', '/v1/profiles/{profile}', {
    summary: 'Make the next version of a profile; deliveries under way keep theirs',
    tag: 'Profiles',
    access: 'company',
    params,
    body: z.unknown(),
    bodyDocumented: ProfileDocument,
    conditional: true,
    responses: One,
    run: async ({ params, body, bodyText, ifMatch, deps }) => {
      checkLength(bodyText, '');
      const { document } = compile(body);
      if (document.name !== params.profile)
        throw invalid([{ path: '/name', message: `must be ${params.profile}, as in the path` }]);
      const current = await readOwn(deps, params.profile);
      checkRevision(ifMatch, current);
      await checkKeys(deps, current, document);
      const saved = await deps.profileStore.saveProfile(
        { ...current, document, updatedAt: deps.now() },
        current.revision,
      );
      if (saved === null)
        throw new Problem('conflict', 'It was changed at the same moment. Send the request again.', [], 1);
      return { status: 200, body: ownView(saved), revision: saved.revision };
    },
  }),
  route('DELETE', '/v1/profiles/{profile}', {
    summary: 'Delete a profile that no subscription and no tenant uses',
    tag: 'Profiles',
    access: 'company',
    params,
    conditional: true,
    responses: { 204: { description: 'Deleted.', schema: null } },
    run: async ({ params, ifMatch, deps }) => {
      const stored = await readOwn(deps, params.profile);
      checkRevision(ifMatch, stored);
      if (deps.defaultProfile === params.profile)
        throw new Problem('conflict', 'It is the default of this deployment.');
      if (await deps.profileStore.isProfileUsed(params.profile))
        throw new Problem('conflict', 'Subscriptions use it. Change or delete them first.');
      const tenant = await tenantWithDefault(deps, params.profile);
      if (tenant !== null)
        throw new Problem('conflict', `It is the default of the tenant ${tenant}. Change that first.`);
      if (!(await deps.profileStore.deleteProfile(stored))) {
        throw new Problem('conflict', 'It was changed at the same moment. Send the request again.', [], 1);
      }
      return { status: 204 };
    },
  }),
];

function compile(document: unknown, path = ''): Profile {
  const compiled = compileProfile(document, 1);
  if (compiled.ok) return compiled.profile;
  throw invalid(compiled.errors.map((error) => ({ ...error, path: path + error.path })));
}

async function find(deps: ApiDeps, name: string): Promise<Profile> {
  const profile = await deps.profiles.get(name, null);
  if (profile === null)
    throw invalid([{ path: '/profile', message: `"${name}" does not exist: GET /v1/profiles lists what there is` }]);
  return profile;
}

async function readOwn(deps: ApiDeps, name: string): Promise<StoredProfile> {
  if (BUILT_IN_PROFILES.has(name))
    throw new Problem('conflict', `${name} is built in and cannot be changed. Add one of your own like it.`);
  const stored = await deps.profileStore.getLatestProfile(name);
  if (stored === null) throw notFound('profile');
  return stored;
}

/** What a subscription's keys must be is settled when it is made: a version that needs others would leave it unsigned. */
async function checkKeys(deps: ApiDeps, current: StoredProfile, next: ProfileDocument): Promise<void> {
  const before = compile(current.document).document;
  // A further scheme is fine: it signs with the keys that are there.
  const demands = ({ subscription, signatures }: ProfileDocument) =>
    [subscription.secret, subscription.secretFormat, signatures.some(({ key }) => key === 'tenant')].join();
  if (demands(before) === demands(next) || !(await deps.profileStore.isProfileUsed(next.name))) return;
  const message =
    'Subscriptions use it, and their keys were made for its secret, its format and its signing key’s owner as they are. Add a profile of another name.';
  throw new Problem('conflict', message);
}

async function tenantWithDefault(deps: ApiDeps, name: string): Promise<string | null> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof deps.catalog.listTenants>> = await deps.catalog.listTenants(100, after);
    const found = page.values.find(({ defaultProfile }) => defaultProfile === name);
    if (found !== undefined) return found.id;
    after = page.next;
  } while (after !== null);
  return null;
}

function builtInView({ document, version }: Profile) {
  return profileView({ name: document.name, version, builtIn: true, document, createdAt: null, updatedAt: null });
}

function ownView({ name, version, document, createdAt, updatedAt }: StoredProfile) {
  return profileView({ name, version, builtIn: false, document, createdAt, updatedAt });
}
