import * as z from 'zod';
import { PreviewDocument, PreviewInput, previewRequest } from '../../core/delivery/preview.ts';
import { lengthErrors } from '../../core/event/event-type-texts.ts';
import { builtInProfile, builtInProfiles } from '../../core/profile/built-in-profiles.ts';
import type { CompiledProfile } from '../../core/profile/compile-profile.ts';
import { ProfileDocument } from '../../core/profile/profile.ts';
import type { ProfileSource } from '../../core/profile/profile-source.ts';
import type { ProfileStore, StoredProfile } from '../../core/profile/profile-store.ts';
import { invalidFields, Refusal } from '../../core/refusal.ts';
import type { OwnProfiles } from '../../core/subscription/own-profiles.ts';
import { pageByName } from '../http/page-by-name.ts';
import { answer, pageQuery, routesOf, taggedAnswer } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp, time } from '../schemas/values.ts';

const route = routesOf('Profiles', 'company');
/** A profile says how to verify what it sends, so each key and token may read it. */
const forReaders = routesOf('Profiles', 'any');

export const ProfileView = z
  .object({
    name: z.string(),
    version: z.int(),
    builtIn: z.boolean(),
    document: ProfileDocument,
    createdAt: Timestamp.nullable(),
    updatedAt: Timestamp.nullable(),
  })
  .meta({ id: 'ProfileVersion' });

const One = { 200: { description: 'The profile.', schema: ProfileView } };

export const PreviewView = z.object({
  method: z.literal('POST'),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  bodyBase64: z.string().meta({ description: 'The bytes of the body.' }),
});

export interface ProfileRouteDeps {
  own: OwnProfiles;
  profiles: ProfileSource;
  store: Pick<ProfileStore, 'listProfiles'>;
  userAgent: string;
  now: () => number;
}

export const createProfileRoutes = ({ own, profiles, store, userAgent, now }: ProfileRouteDeps) => {
  const readOwn = async ({ profile }: { profile: string }) => taggedAnswer(200, await own.read(profile), ownView);
  const members = ['version', 'document'] as const satisfies (keyof z.infer<typeof ProfileView>)[];
  const shows = { members, before: readOwn };
  return [
    forReaders('GET', '/v1/profiles', {
      id: 'listProfiles',
      summary: 'List profiles by name, built-in ones and your own',
      query: pageQuery,
      responses: { 200: { description: 'A page of profiles.', schema: listOf(ProfileView) } },
      run: async ({ query }) => {
        const listed = (await store.listProfiles()).filter(({ deleted }) => !deleted);
        const all = [...builtInProfiles().map(builtInView), ...listed.map(ownView)];
        return pageAnswer(pageByName<(typeof all)[number]>(all, query), (one) => one);
      },
    }),
    route('POST', '/v1/profiles', {
      id: 'createProfile',
      summary: 'Add a profile',
      shows: { members },
      // Checked whole by compileProfile, which names every mistake.
      body: z.unknown(),
      bodyDocumented: ProfileDocument,
      responses: { 201: { description: 'Added, as version 1.', schema: ProfileView } },
      run: async ({ body, bodyText }) => taggedAnswer(201, refuseLong(bodyText) ?? (await own.add(body)), ownView),
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
          schema: PreviewView,
        },
      },
      run: async ({ body, bodyText }) => {
        const request = await previewRequest({ profiles, userAgent, now }, body, bodyText);
        const { url } = body.subscription;
        return answer(200, request, ({ headers, body }) => ({
          method: 'POST',
          url,
          headers,
          body,
          bodyBase64: Buffer.from(body).toString('base64'),
        }));
      },
    }),
    forReaders('GET', '/v1/profiles/{profile}', {
      id: 'getProfile',
      summary: 'Read a profile',
      responses: One,
      run: async ({ params }) => {
        const builtIn = builtInProfile(params.profile);
        if (builtIn !== null) return { status: 200, body: builtInView(builtIn) };
        return readOwn(params);
      },
    }),
    route('PUT', '/v1/profiles/{profile}', {
      id: 'replaceProfile',
      summary: 'Make the next version of a profile; deliveries under way keep theirs',
      shows,
      body: z.unknown(),
      bodyDocumented: ProfileDocument,
      conditional: true,
      responses: One,
      run: async ({ params, body, bodyText, ifMatch, mustBeNew }) => {
        const known = mustBeNew ? await own.read(params.profile) : null;
        if (known instanceof Refusal) return known;
        if (known !== null)
          return new Refusal(
            'precondition_failed',
            'The profile exists already. Leave out If-None-Match to replace it.',
          );
        return taggedAnswer(200, refuseLong(bodyText) ?? (await own.replace(params.profile, body, ifMatch)), ownView);
      },
    }),
    route('DELETE', '/v1/profiles/{profile}', {
      id: 'deleteProfile',
      summary: 'Delete a profile that no subscription and no tenant uses',
      shows,
      conditional: true,
      responses: { 204: { description: 'Deleted.', schema: null } },
      run: async ({ params, ifMatch }) => (await own.delete(params.profile, ifMatch)) ?? { status: 204 },
    }),
  ];
};

/** A document is kept in one item. */
function refuseLong(bodyText: string): Refusal | null {
  const errors = lengthErrors(bodyText, '');
  return errors.length === 0 ? null : invalidFields(errors);
}

const builtInView = ({ document, version }: CompiledProfile) => ({
  name: document.name,
  version,
  builtIn: true,
  document,
  createdAt: null,
  updatedAt: null,
});

function ownView({ name, version, document, createdAt, updatedAt }: StoredProfile) {
  return { name, version, builtIn: false, document, createdAt: time(createdAt), updatedAt: time(updatedAt) };
}
