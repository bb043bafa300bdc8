import { createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { cutJsonMember, jsonMembers, minifyJson, splitJsonArray } from '../../../functions/core/json/json-text.ts';
import { builtInProfile, builtInProfiles } from '../../../functions/core/profile/built-in-profiles.ts';
import type { ProfileKeys } from '../../../functions/core/profile/compile-profile.ts';
import { jsonText } from '../../support/json-texts.ts';
import { builtIn, makeValues, VENDORS } from '../../support/profiles.ts';

const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECRET = 'OLgCtvLZU4h9GYzZgamuYGdn4e7Zk651';
const KEYS: ProfileKeys = { subscription: [{ version: 'v1', material: SECRET }], tenant: 'key of the organisation' };

const isSame = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
const hmac = (key: string, body: string) => createHmac('sha256', key).update(body);
/** `sha256=<hex>`, as KeyPay and PeopleForce tell their customers to check it. */
const isSha256Of = (body: string, signature = '') =>
  isSame(Buffer.from(signature), Buffer.from(`sha256=${hmac(SECRET, body).digest('hex')}`));

interface Vendor {
  name: string;
  keys: ProfileKeys;
  /** What the body must be for this payload, without white space. */
  promised: (data: string) => string;
  /** As a receiver verifies; null for a vendor that signs nothing. */
  verifies: ((body: string, headers: Record<string, string>) => boolean) | null;
}

const member = (data: string, name: string) => cutJsonMember(data, name) ?? 'null';
const now = Math.floor(Date.now() / 1_000);

const BUILT_IN: Vendor[] = [
  {
    name: 'standard',
    keys: { subscription: [{ version: 'v1', material: WHSEC }], tenant: null },
    promised: (data) => `{"type":"employee.created","timestamp":"2026-11-22T10:00:00.000Z","data":${data}}`,
    verifies: (body, headers) => {
      try {
        new Webhook(WHSEC).verify(body, headers);
        return true;
      } catch {
        return false;
      }
    },
  },
  {
    name: 'bindbee',
    keys: KEYS,
    promised: (data) =>
      '{"webhook":{"webhook_id":"sub_1","url":"https://receiver.example/hooks","event":"employee.created"},' +
      `"connector":${member(data, 'connector')},"data":${member(data, 'data')}}`,
    verifies: (body, headers) =>
      isSame(
        Buffer.from(headers['X-Bindbee-Webhook-Signature'] ?? '', 'base64url'),
        hmac('key of the organisation', body).digest(),
      ),
  },
  {
    name: 'keypay',
    keys: KEYS,
    promised: (data) => {
      const members = jsonMembers(data);
      const rest =
        members === null
          ? [`"Id":${data}`]
          : members
              .filter(({ name }) => name !== 'Action')
              .map(({ name, value }) => `${JSON.stringify(name)}:${value}`);
      const notification = ['"Action":"employee.created"', ...rest].join(',');
      return `{"Id":"7d4e5a76eae6d8c165410ac19fe67565","Attempt":1,"Properties":{"team":"a"},"Notifications":[{${notification}}]}`;
    },
    verifies: (body, headers) => isSha256Of(body, headers['MS-Signature']),
  },
  { name: 'staffology', keys: KEYS, promised: (data) => `[${data}]`, verifies: null },
  {
    name: 'peopleforce',
    keys: KEYS,
    promised: (data) => `{"action":"employee.created","data":${data}}`,
    verifies: (body, headers) => isSha256Of(body, headers['x-peopleforce-signature']),
  },
];

const payload = fc.oneof(
  jsonText,
  // Shaped as bindbee wants it.
  fc.tuple(jsonText, jsonText).map(([connector, data]) => {
    const compact = `{"connector":${connector.compact},"data":${data.compact}}`;
    return { compact, spaced: compact };
  }),
);

describe.each(BUILT_IN)('for any payload, $name', ({ name, keys, promised, verifies }) => {
  const render = (data: string) =>
    builtIn(name).render(makeValues({ event: { data }, delivery: { timestamp: now } }), keys);

  it('sends what its envelope promises, with numbers and keys as they were published', () => {
    fc.assert(
      fc.property(payload, ({ compact }) => {
        const { body } = render(compact);
        expect(() => JSON.parse(body)).not.toThrow();
        expect(minifyJson(body)).toBe(promised(compact));
      }),
      { numRuns: 300 },
    );
  });

  it('is accepted by its receiver, and refused with a byte changed', () => {
    fc.assert(
      fc.property(payload, fc.nat(), ({ compact }, at) => {
        const { body, headers } = render(compact);
        if (verifies === null) {
          expect(headers).toEqual({ 'content-type': 'application/json' });
          return;
        }
        expect(verifies(body, headers)).toBe(true);
        const place = at % body.length;
        const flipped = body[place] === '0' ? '1' : '0';
        const changed = body.slice(0, place) + flipped + body.slice(place + 1);
        expect(verifies(changed, headers)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the payloads that are hard', () => {
  const HARD = `{"connector":"c","data":{"big":12345678901234567890,"one":1.0,"zero":-0,"huge":1e400,"10":1,"9":2,"__proto__":3,"é":"😀"}}`;

  it.each(BUILT_IN)('arrive to the letter in $name', ({ name, keys, promised }) => {
    const { body } = builtIn(name).render(makeValues({ event: { data: HARD } }), keys);
    expect(minifyJson(body)).toBe(promised(HARD));
    expect(minifyJson(body)).toContain('"big":12345678901234567890,"one":1.0,"zero":-0,"huge":1e400,"10":1,"9":2');
  });

  it.each(BUILT_IN)('do not break $name, however deep', ({ name, keys }) => {
    const data = `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const { body } = builtIn(name).render(makeValues({ event: { data } }), keys);
    expect(minifyJson(body)).toContain('['.repeat(100_000));
  });
});

describe('keypay', () => {
  it('signs its published example as it is published', () => {
    const event = { id: 'f62319a8e9594b1da89ee456525711ea', type: 'BankAccountDeleted', data: EXAMPLE_DATA };
    const { body, headers } = builtIn('keypay').render(makeValues({ event, subscription: { metadata: {} } }), KEYS);
    expect(body.split('\r\n').slice(0, 5)).toEqual([
      '{',
      '  "Id": "f62319a8e9594b1da89ee456525711ea",',
      '  "Attempt": 1,',
      '  "Properties": {},',
      '  "Notifications": [',
    ]);
    expect(headers['MS-Signature']).toBe('sha256=d33766c44cd7ce49134833e072d10866a6e021053bff7f72b92b1da07b85cd3e');
  });

  it('counts attempts in its body, and signs each anew', () => {
    const requests = [1, 2].map((attempt) => builtIn('keypay').render(makeValues({ delivery: { attempt } }), KEYS));
    expect(requests.map(({ body }) => JSON.parse(body).Attempt)).toEqual([1, 2]);
    for (const { body, headers } of requests) expect(isSha256Of(body, headers['MS-Signature'])).toBe(true);
    expect(requests[0]?.headers['MS-Signature']).not.toBe(requests[1]?.headers['MS-Signature']);
  });

  it('has one notification', () => {
    const { body } = builtIn('keypay').render(makeValues(), KEYS);
    expect(splitJsonArray(body, 'Notifications')).toEqual(['{"Action":"employee.created","id":9007199254740993}']);
  });
});

const EXAMPLE_DATA = '{"Type":"Test Message from Application"}';

describe('peopleforce', () => {
  it('signs nothing for a subscription without a secret', () => {
    const { headers } = builtIn('peopleforce').render(makeValues(), { subscription: [], tenant: null });
    expect(headers).toEqual({ 'content-type': 'application/json' });
  });
});

describe('where the values of a vendor’s profile come from', () => {
  /** What decides how deliveries look and behave. */
  const MATTERS = [
    '/envelope',
    '/style',
    '/retry',
    '/responses/deactivate',
    '/testEvent',
    '/subscription/secret',
    '/signatures',
  ];

  it.each(VENDORS)('%s says it of every value that matters', (name) => {
    const pointers = Object.keys(builtIn(name).document.provenance);
    const untold = MATTERS.filter((value) => !pointers.some((one) => one === value || one.startsWith(`${value}/`)));
    expect(untold).toEqual([]);
  });

  it.each(VENDORS)(
    '%s says of each part of its signature and its retry policy, if it does not say it of the whole',
    (name) => {
      const { provenance, signatures } = builtIn(name).document;
      const told = (pointer: string): boolean =>
        Object.hasOwn(provenance, pointer) || (pointer !== '' && told(pointer.slice(0, pointer.lastIndexOf('/'))));
      const parts = signatures.flatMap((_, index) =>
        ['header', 'encoding', 'content'].map((part) => `/signatures/${index}/${part}`),
      );
      const toldOfOn =
        told('/retry/on') || ['network', 'timeout', 'statuses'].every((part) => told(`/retry/on/${part}`));
      expect([...parts, '/retry/gapsSeconds', '/retry/jitter'].filter((pointer) => !told(pointer))).toEqual([]);
      expect(toldOfOn).toBe(true);
    },
  );

  it.each(VENDORS)('%s says why, wherever a value is our own', (name) => {
    const ours = Object.entries(builtIn(name).document.provenance).filter(([, { origin }]) => origin === 'ours');
    expect(ours.length).toBeGreaterThan(0);
    // White space and jitter are clear from their names.
    const unclear = ours.filter(([pointer, { note }]) => note === '' && !['/style', '/retry/jitter'].includes(pointer));
    expect(unclear).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['bindbee', '/retry/deadlineSeconds', 'promised'],
    ['bindbee', '/retry/timeoutSeconds', 'promised'],
    ['bindbee', '/retry/gapsSeconds', 'ours'],
    ['keypay', '/style', 'promised'],
    ['keypay', '/retry/gapsSeconds', 'promised'],
    ['staffology', '/envelope', 'promised'],
    ['staffology', '/retry', 'ours'],
    ['staffology', '/signatures', 'ours'],
    ['staffology', '/responses/deactivate', 'promised'],
    ['peopleforce', '/retry', 'ours'],
    ['peopleforce', '/subscription/secret', 'promised'],
  ])('%s %s: %s', (name, pointer, origin) => {
    expect(builtIn(name).document.provenance[pointer]?.origin).toBe(origin);
  });
});

describe('the rules of the vendors', () => {
  it.each<[string, object]>([
    [
      'bindbee',
      { subscription: { eventTypes: 'many', secret: 'none', requiredFields: ['name'] }, responses: { deactivate: [] } },
    ],
    ['keypay', { subscription: { eventTypes: 'many', secret: 'required' }, responses: { deactivate: [] } }],
    ['staffology', { subscription: { eventTypes: 'one', secret: 'none' }, responses: { deactivate: ['409', '410'] } }],
    [
      'peopleforce',
      {
        subscription: { eventTypes: 'many', secret: 'optional', requiredFields: ['name'] },
        responses: { deactivate: [] },
      },
    ],
  ])('%s', (name, expected) => {
    expect(builtIn(name).document).toMatchObject(expected);
  });

  it('are those of a profile each, and there is the standard', () => {
    expect(
      builtInProfiles()
        .map(({ document }) => document.name)
        .toSorted(),
    ).toEqual([...VENDORS, 'standard'].toSorted());
    expect(BUILT_IN.map(({ name }) => name).toSorted()).toEqual([...VENDORS, 'standard'].toSorted());
  });
});

it('have the names by which they are found', () => {
  for (const { document } of builtInProfiles()) expect(builtInProfile(document.name)?.document).toBe(document);
});
