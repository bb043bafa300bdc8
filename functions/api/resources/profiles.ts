import * as z from 'zod';
import { PreviewDocument, PreviewInput, previewRequest } from '../../core/delivery/preview.ts';
import { lengthErrors } from '../../core/event/event-type-texts.ts';
import { BUILT_IN_PROFILES } from '../../core/profile/built-in-profiles.ts';
import type { CompiledProfile } from '../../core/profile/compile-profile.ts';
import { ProfileDocument, ProfileName } from '../../core/profile/profile.ts';
import type { ProfileSource } from '../../core/profile/profile-source.ts';
import type { ProfileStore, StoredProfile } from '../../core/profile/profile-store.ts';
import { invalidFields, Refusal } from '../../core/refusal.ts';
import type { OwnProfiles } from '../../core/subscription/own-profiles.ts';
import { pageByName } from '../http/page-by-name.ts';
import { pageQuery, routesOf } from '../http/route.ts';
import { listOf } from '../schemas/list.ts';
import { Timestamp, timeOrNull } from '../schemas/values.ts';

const route = routesOf('Profiles', 'company');

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

const params = { profile: ProfileName };
const One = { 200: { description: 'The profile.', schema: ProfileView } };

export interface ProfileRouteDeps {
  own: OwnProfiles;
  profiles: ProfileSource;
  store: Pick<ProfileStore, 'listProfiles'>;
  userAgent: string;
  now: () => number;
}

export const createProfileRoutes = ({ own, profiles, store, userAgent, now }: ProfileRouteDeps) => [
  route('GET', '/v1/profiles', {
    id: 'listProfiles',
    summary: 'List profiles by name, built-in ones and your own',
    query: pageQuery,
    responses: { 200: { description: 'A page of profiles.', schema: listOf(ProfileView) } },
    run: async ({ query }) => {
      const listed = (await store.listProfiles()).filter(({ deleted }) => !deleted);
      const all = [...[...BUILT_IN_PROFILES.values()].map(builtInView), ...listed.map(ownView)];
      return { status: 200, body: pageByName(all, query) };
    },
  }),
  route('POST', '/v1/profiles', {
    id: 'createProfile',
    summary: 'Add a profile',
    // Checked whole by compileProfile, which names every mistake.
    body: z.unknown(),
    bodyDocumented: ProfileDocument,
    responses: { 201: { description: 'Added, as version 1.', schema: ProfileView } },
    run: async ({ body, bodyText }) => answer(refuseLong(bodyText) ?? (await own.add(body)), 201),
  }),
  route('POST', '/v1/profiles/preview', {
    id: 'previewProfile',
    summary: 'See exactly what a profile would send, without sending it',
    isChange: false,
    body: PreviewInput,
    bodyDocumented: PreviewDocument,
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
      const request = await previewRequest({ profiles, userAgent, now }, body, bodyText);
      if (request instanceof Refusal) return request;
      const bodyBase64 = Buffer.from(request.body).toString('base64');
      const { headers } = request;
      return {
        status: 200,
        body: { method: 'POST', url: body.subscription.url, headers, body: request.body, bodyBase64 },
      };
    },
  }),
  route('GET', '/v1/profiles/{profile}', {
    id: 'getProfile',
    summary: 'Read a profile',
    params,
    responses: One,
    run: async ({ params }) => {
      const builtIn = BUILT_IN_PROFILES.get(params.profile);
      if (builtIn !== undefined) return { status: 200, body: builtInView(builtIn) };
      return answer(await own.read(params.profile), 200);
    },
  }),
  route('PUT', '/v1/profiles/{profile}', {
    id: 'replaceProfile',
    summary: 'Make the next version of a profile; deliveries under way keep theirs',
    params,
    body: z.unknown(),
    bodyDocumented: ProfileDocument,
    conditional: true,
    responses: One,
    run: async ({ params, body, bodyText, ifMatch }) =>
      answer(refuseLong(bodyText) ?? (await own.replace(params.profile, body, ifMatch)), 200),
  }),
  route('DELETE', '/v1/profiles/{profile}', {
    id: 'deleteProfile',
    summary: 'Delete a profile that no subscription and no tenant uses',
    params,
    conditional: true,
    responses: { 204: { description: 'Deleted.', schema: null } },
    run: async ({ params, ifMatch }) => (await own.delete(params.profile, ifMatch)) ?? { status: 204 },
  }),
];

/** A document is kept in one item. */
function refuseLong(bodyText: string): Refusal | null {
  const errors = lengthErrors(bodyText, '');
  return errors.length === 0 ? null : invalidFields(errors);
}

function answer(profile: StoredProfile | Refusal, status: number) {
  return profile instanceof Refusal ? profile : { status, body: ownView(profile), revision: profile.revision };
}

function builtInView({ document, version }: CompiledProfile) {
  return profileView({ name: document.name, version, builtIn: true, document, createdAt: null, updatedAt: null });
}

function ownView({ name, version, document, createdAt, updatedAt }: StoredProfile) {
  return profileView({ name, version, builtIn: false, document, createdAt, updatedAt });
}
