import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { SNIPPET_LANGUAGES, SNIPPETS } from '../../console/snippets/snippets.ts';
import { planVerification, type VerificationPlan } from '../../console/snippets/verification-plan.ts';
import { ProfileView } from '../../functions/api/resources/profiles.ts';
import { SubscriptionView } from '../../functions/api/schemas/subscription.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { arrived, signatureHeaders } from '../e2e/vendors/system-under-test.ts';
import { isThere, RUNNERS, runSnippets, type SnippetCase } from './snippet-runners.ts';

/** Signs a time before the body, the time standing in the signature's own header; and what only the receiver knows behind it. */
const TIMED = {
  name: 'timed',
  subscription: { secretFormat: 'text' },
  envelope: { kind: '{{event.type}}', data: '{{event.data}}' },
  headers: { 'X-Timed-Kind': '{{event.type}}' },
  signatures: [
    {
      header: 'X-Timed-Signature',
      algorithm: 'hmac-sha256',
      content: '{{delivery.timestamp}}.{{event.type}}.{{body}}.{{tenant.id}}',
      encoding: 'HEX',
      prefix: 't={{delivery.timestamp}},v1=',
    },
  ],
  retry: { gapsSeconds: [] },
};

/** The same with a key pair: nothing between signatures, and what a decoder of hexadecimal digits must read. */
const TIMED_PUBLIC = {
  ...TIMED,
  name: 'timed-public',
  signatures: TIMED.signatures.map((scheme) => ({ ...scheme, algorithm: 'ed25519' })),
};

/** Signs the body alone, and nothing stands before the signature. */
const BARE_PUBLIC = {
  ...TIMED,
  name: 'bare-public',
  signatures: [{ header: 'X-Bare-Signature', algorithm: 'ed25519', encoding: 'base64url', separator: ',' }],
};

/** Those that sign with a secret, and by a key pair. */
const SIGNING = ['standard', 'bindbee', 'keypay', 'peopleforce', 'timed'];
const SIGNING_IN_PUBLIC = ['standard', 'timed-public', 'bare-public'];
const PUBLIC = { signatureVersions: ['v1a' as const] };
/** More than one byte a character, and what writers of JSON disagree about. */
const DATA = { connector: { id: 'con_1' }, data: { text: 'Zoë – 日本 \u2028 <&> "\\" 🎺', amount: 1.5 } };
const Known = SubscriptionView.pick({ id: true, tenantId: true, name: true, url: true, signatureVersions: true });
const Key = z.object({ key: z.string() });
const Rotated = z.object({ secret: z.string().nullable(), publicKey: z.string().nullable() });

/** A compiler on a busy machine; Go compiles its own library first. */
const COMPILING_MS = 120_000;

/** What a customer has in its hands: what to check by, its secret or public key, and what has arrived. */
interface Scene {
  name: string;
  plan: VerificationPlan;
  key: string;
  genuine: SnippetCase[];
  /** Changed by one byte, without its signature, signed with another's secret, or an hour off. */
  forged: SnippetCase[];
}

describe('code to verify requests', () => {
  const system = useSystem();
  const scenes: Scene[] = [];

  async function subscribe(profile: string, extra: object = {}) {
    const { tenant, path } = scene(profile);
    const { ask, subscribe: make } = system();
    const brought = profile === 'peopleforce' ? { secret: `Geheimnis – ${path} 🎺` } : {};
    const made = await make(tenant, path, { profile, name: 'Zoë’s hook', ...brought, ...extra });
    const one = await ask(Known, 'GET', `/v1/tenants/${tenant}/subscriptions/${made.id}`);
    const { document } = await ask(ProfileView.pick({ document: true }), 'GET', `/v1/profiles/${profile}`);
    const isOfTenant = document.signatures.some(({ key }) => key === 'tenant');
    const key = isOfTenant
      ? (await ask(Key, 'GET', `/v1/tenants/${tenant}/signing-key`)).key
      : (made.secret ?? made.publicKey ?? '');
    const plan = planVerification(document, one);
    const publicPlan = planVerification(document, { ...one, ...PUBLIC });
    return { tenant, path, id: made.id, key, plan, publicKey: made.publicKey ?? '', publicPlan };
  }

  async function subscribeSigned(profile: string, extra: object = {}) {
    const { plan, publicPlan, ...rest } = await subscribe(profile, extra);
    if (typeof plan === 'string') throw new Error(`${profile} is ${plan}`);
    return { ...rest, plan, publicPlan };
  }

  /** Two genuine requests, and one of another webhook. */
  async function addScene(profile: string, extra: object = {}) {
    const { plan, key, ...place } = await subscribeSigned(profile, extra);
    const genuine = await receive(place);
    const other = await receive(await subscribe(profile, extra));
    scenes.push({
      name: `${profile}, ${plan.algorithm}`,
      plan,
      key,
      genuine: [genuine, await receive(place, 2)],
      forged: [...changed(genuine, plan.header.toLowerCase()), other],
    });
  }

  /** What arrives while two keys sign, which either of them fits. */
  async function addRotation(extra: object = {}) {
    const { tenant, path, id, plan, key: old } = await subscribeSigned('standard', extra);
    const rotate = `/v1/tenants/${tenant}/subscriptions/${id}/secret/rotate`;
    const { secret, publicKey } = await system().ask(Rotated, 'POST', rotate);
    const genuine = [await receive({ tenant, path })];
    scenes.push({ name: `${plan.algorithm} before a rotation`, plan, key: old, genuine, forged: [] });
    scenes.push({
      name: `${plan.algorithm} after a rotation`,
      plan,
      key: secret ?? publicKey ?? '',
      genuine,
      forged: [],
    });
  }

  /** Publishes, and takes what arrives: the `count`th request. */
  async function receive({ tenant, path }: { tenant: string; path: string }, count = 1): Promise<SnippetCase> {
    await system().publish(tenant, { type: 'connector_synced', data: DATA });
    const { headers, body } = await arrived(system(), path, count);
    return { headers, body: Buffer.from(body) };
  }

  beforeAll(async () => {
    for (const body of [TIMED, TIMED_PUBLIC, BARE_PUBLIC])
      await system().ask(z.unknown(), 'POST', '/v1/profiles', { body });
    for (const name of SIGNING) await addScene(name);
    for (const name of SIGNING_IN_PUBLIC) await addScene(name, PUBLIC);
    await addRotation();
    await addRotation(PUBLIC);
    const { publicKey, publicPlan, ...both } = await subscribeSigned('standard', { signatureVersions: ['v1', 'v1a'] });
    if (typeof publicPlan === 'string') throw new Error(`standard is ${publicPlan}`);
    const genuine = [await receive(both)];
    scenes.push({ ...both, name: 'the secret of both', genuine, forged: [] });
    scenes.push({ name: 'the public key of both', plan: publicPlan, key: publicKey, genuine, forged: [] });
    const late = [
      await subscribeSigned('standard'),
      await subscribeSigned('timed'),
      await subscribeSigned('standard', PUBLIC),
      await subscribeSigned('timed-public', PUBLIC),
    ];
    await system().advance(3_600);
    for (const one of late)
      scenes.push({ ...one, name: `${one.path}, an hour off`, genuine: [], forged: [await receive(one)] });
  }, 120_000);

  test.for(SNIPPET_LANGUAGES)(
    'in %s takes what is genuine, and refuses a change of one byte',
    { timeout: COMPILING_MS },
    async (language, { skip }) => {
      const { needs } = RUNNERS[language];
      skip(!isThere(needs) && !process.env.CI, `${needs.join(' ')} fails`);
      const written = scenes.map((one) => ({ ...one, code: SNIPPETS[language].write(one.plan) }));
      const judged = written.flatMap(({ code, ...one }) => (code === null ? [] : [{ ...one, code }]));
      const left = written.filter(({ code }) => code === null).map(({ plan }) => plan.algorithm);
      expect(new Set(left)).toEqual(new Set(language === 'csharp' ? ['ed25519'] : []));
      const verdicts = await runSnippets(
        language,
        judged.map(({ code, key, genuine, forged }) => ({ code, key, cases: [...genuine, ...forged] })),
      );
      expect(judged.map(({ name }, index) => [name, verdicts[index]])).toEqual(
        judged.map(({ name, genuine, forged }) => [name, [...genuine.map(() => true), ...forged.map(() => false)]]),
      );
    },
  );

  test('of a webhook that signs by a key pair alone is for its public key', () => {
    const algorithms = scenes.filter(({ key }) => key.startsWith('whpk_')).map(({ plan }) => plan.algorithm);
    expect(algorithms.length).toBeGreaterThan(SIGNING_IN_PUBLIC.length);
    expect(new Set(algorithms)).toEqual(new Set(['ed25519']));
    expect(scenes.find(({ name }) => name === 'the secret of both')?.plan.algorithm).toBe('hmac-sha256');
  });

  test('there is none for requests that carry no signature', async () => {
    const { plan, ...place } = await subscribe('staffology', { eventTypes: ['connector_synced'] });
    expect(plan).toBe('unsigned');
    const { headers } = await receive(place);
    expect(signatureHeaders({ headers })).toEqual([]);
  });
});

/** A genuine request, changed in each way that must not go unnoticed. */
function changed({ headers, body }: SnippetCase, header: string): SnippetCase[] {
  const signature = headers[header] ?? '';
  const { [header]: _, ...unsigned } = headers;
  const signed = (text: string) => ({ headers: { ...headers, [header]: text }, body });
  return [
    { headers, body: flipped(body) },
    { headers, body: Buffer.concat([body, Buffer.from('\n')]) },
    signed(flipped(Buffer.from(signature)).toString()),
    signed(signature.slice(0, -4)),
    // What no decoder takes for a signature.
    signed(signature.replace(/[\w+/-]{40,}=*$/, '*é*')),
    signed(signature.replace(/[\w+/-]{40,}=*$/, '')),
    { headers: unsigned, body },
  ];
}

/** Another byte in the middle: a digit, since a letter of another case is the same digit of hexadecimal numbers. */
function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = copy[at] === 0x30 ? 0x31 : 0x30;
  return copy;
}
