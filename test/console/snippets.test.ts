import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { SNIPPET_LANGUAGES, SNIPPETS } from '../../console/snippets/snippets.ts';
import { planVerification, type VerificationPlan } from '../../console/snippets/verification-plan.ts';
import { ProfileView } from '../../functions/api/resources/profiles.ts';
import { SubscriptionView } from '../../functions/api/schemas/subscription.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { arrived, signatureHeaders } from '../e2e/vendors/system-under-test.ts';
import { RUNNERS, runSnippets, type SnippetCase } from './snippet-runners.ts';

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

const SIGNING = ['standard', 'bindbee', 'keypay', 'peopleforce', 'timed'];
/** More than one byte a character, and what writers of JSON disagree about. */
const DATA = { connector: { id: 'con_1' }, data: { text: 'Zoë – 日本 \u2028 <&> "\\" 🎺', amount: 1.5 } };
const Known = SubscriptionView.pick({ id: true, tenantId: true, name: true, url: true, signatureVersions: true });
const Key = z.object({ key: z.string() });
const Rotated = z.object({ secret: z.string() });

/** A compiler on a busy machine; Go compiles its own library first. */
const COMPILING_MS = 120_000;

/** What a customer has in its hands: what to check by, its secret, and what has arrived. */
interface Scene {
  name: string;
  plan: VerificationPlan;
  secret: string;
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
    const secret = isOfTenant ? (await ask(Key, 'GET', `/v1/tenants/${tenant}/signing-key`)).key : (made.secret ?? '');
    return { tenant, path, id: made.id, secret, plan: planVerification(document, one) };
  }

  async function subscribeSigned(profile: string) {
    const { plan, ...rest } = await subscribe(profile);
    if (typeof plan === 'string') throw new Error(`${profile} is ${plan}`);
    return { ...rest, plan };
  }

  /** Publishes, and takes what arrives: the `count`th request. */
  async function receive({ tenant, path }: { tenant: string; path: string }, count = 1): Promise<SnippetCase> {
    await system().publish(tenant, { type: 'connector_synced', data: DATA });
    const { headers, body } = await arrived(system(), path, count);
    return { headers, body: Buffer.from(body) };
  }

  beforeAll(async () => {
    await system().ask(z.unknown(), 'POST', '/v1/profiles', { body: TIMED });
    for (const name of SIGNING) {
      const { plan, secret, ...place } = await subscribeSigned(name);
      const genuine = await receive(place);
      const other = await receive(await subscribe(name));
      scenes.push({
        name,
        plan,
        secret,
        genuine: [genuine, await receive(place, 2)],
        forged: [...changed(genuine, plan.header.toLowerCase()), other],
      });
    }
    const { tenant, path, id, plan, secret: old } = await subscribeSigned('standard');
    const rotate = `/v1/tenants/${tenant}/subscriptions/${id}/secret/rotate`;
    const { secret: fresh } = await system().ask(Rotated, 'POST', rotate);
    const genuine = [await receive({ tenant, path })];
    scenes.push({ name: 'the secret before a rotation', plan, secret: old, genuine, forged: [] });
    scenes.push({ name: 'the secret after a rotation', plan, secret: fresh, genuine, forged: [] });
    const late = [await subscribeSigned('standard'), await subscribeSigned('timed')];
    await system().advance(3_600);
    for (const one of late)
      scenes.push({ ...one, name: `${one.path}, an hour off`, genuine: [], forged: [await receive(one)] });
  }, 120_000);

  test.for(SNIPPET_LANGUAGES)(
    'in %s takes what is genuine, and refuses a change of one byte',
    { timeout: COMPILING_MS },
    async (language, { skip }) => {
      const { needs } = RUNNERS[language];
      skip(spawnSync('which', [needs]).status !== 0 && !process.env.CI, `${needs} is not installed`);
      const runs = scenes.map(({ plan, secret, genuine, forged }) => ({
        code: SNIPPETS[language].write(plan),
        secret,
        cases: [...genuine, ...forged],
      }));
      const verdicts = await runSnippets(language, runs);
      expect(scenes.map(({ name }, index) => [name, verdicts[index]])).toEqual(
        scenes.map(({ name, genuine, forged }) => [name, [...genuine.map(() => true), ...forged.map(() => false)]]),
      );
    },
  );

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
    signed(signature.slice(0, -1)),
    { headers: unsigned, body },
  ];
}

/** Another byte in the middle. */
function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = Math.floor(copy.length / 2);
  copy[at] = copy[at] === 0x61 ? 0x62 : 0x61;
  return copy;
}
