import * as z from 'zod';
import { AnyJson } from '../json/any-json.ts';
import { MaxConcurrent, MaxPerSecond } from './limits.ts';
import { RetryPolicy, StatusPattern } from './retry-policy.ts';

/*
 * A profile: how a subscription's deliveries look and behave, as a document. docs/profiles.md explains each field.
 */

export const ProfileName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be 1 to 63 of a-z 0-9 -, and begin with a letter');

const HeaderName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name: letters, digits and -');
const Template = z.string().max(2_000);

export const SIGNATURE_ENCODINGS = ['hex', 'HEX', 'base64', 'base64url'] as const;

export const SignatureScheme = z.strictObject({
  header: HeaderName,
  algorithm: z.enum(['hmac-sha256', 'ed25519']),
  content: Template.default('{{body}}').meta({
    description: 'What is signed: a text that may refer, to {{body}} also.',
  }),
  encoding: z.enum(SIGNATURE_ENCODINGS).meta({
    // Two of them are the same in capital letters, which generators of clients write them in.
    'x-enum-varnames': ['LOWER_HEX', 'UPPER_HEX', 'BASE64', 'BASE64URL'],
  }),
  prefix: z.string().max(100).default('').meta({
    description: 'What stands before the signature; it may refer, as in t={{delivery.timestamp}},v1=',
  }),
  key: z.enum(['subscription', 'tenant']).default('subscription'),
  keyFormat: z.enum(['text', 'whsec']).default('text').meta({
    description: 'text: the secret’s UTF-8 bytes. whsec: the bytes that follow whsec_ in base64.',
  }),
  when: z.enum(['always', 'if_secret']).default('always'),
  separator: z
    .string()
    .regex(/^[\x20-\x7e]{0,5}$/, 'must be at most 5 visible ASCII characters or blanks')
    .nullable()
    .default(null)
    .meta({
      description:
        'With one, several signatures share the header: of several keys, or of several schemes. Without, the newest key signs.',
    }),
});
export type SignatureScheme = z.infer<typeof SignatureScheme>;

const DAY_SECONDS = 86_400;

/** When a receiver counts as dead, and how it is asked again. */
export const BreakerPolicy = z.strictObject({
  failures: z.int().min(1).max(1_000).default(10).meta({
    description: 'Attempts in a row that time out, find no connection, or get 5xx or 429: they open the breaker.',
  }),
  pauseSeconds: z.number().min(1).max(DAY_SECONDS).default(30).meta({
    description: 'How long it stays open before one attempt is made. A failure doubles the pause.',
  }),
  maxPauseSeconds: z.number().min(1).max(DAY_SECONDS).default(900).meta({ description: 'The longest pause.' }),
});
export type BreakerPolicy = z.infer<typeof BreakerPolicy>;

export const VERIFICATIONS = ['none', 'x-hook-secret', 'ms-echo', 'cloudevents'] as const;

export const PROVENANCES = ['promised', 'public', 'ours'] as const;

export const ProfileDocument = z
  .strictObject({
    name: ProfileName,
    description: z.string().max(2_000).default(''),
    subscription: z
      .strictObject({
        eventTypes: z.enum(['many', 'one']).default('many'),
        secret: z.enum(['required', 'optional', 'none']).default('required'),
        secretFormat: z.enum(['whsec', 'text']).default('whsec'),
        requiredFields: z.array(z.enum(['name'])).default([]),
      })
      .prefault({}),
    envelope: AnyJson.meta({ description: 'The body: JSON whose strings may refer, see docs/profiles.md.' }),
    style: z
      .strictObject({ indent: z.int().min(0).max(8).default(0), newline: z.enum(['lf', 'crlf']).default('lf') })
      .prefault({})
      .meta({ description: 'indent 0 is compact.' }),
    contentType: z
      .string()
      .regex(
        /^application\/[0-9A-Za-z_.+-]+(?:; ?[0-9A-Za-z_-]+=[0-9A-Za-z_-]+)*$/,
        'must be a media type like application/json',
      )
      .default('application/json'),
    headers: z.record(HeaderName, Template).default({}),
    signatures: z.array(SignatureScheme).max(5).default([]),
    traceparent: z.boolean().default(false).meta({
      description: 'Whether the header traceparent hands on the trace of the event’s publisher, if it named one.',
    }),
    retry: RetryPolicy,
    limits: z
      .strictObject({
        maxPerSecond: MaxPerSecond.nullable().default(null),
        maxConcurrent: MaxConcurrent.nullable().default(null),
      })
      .prefault({})
      .meta({ description: 'For subscriptions that have none of their own.' }),
    responses: z
      .strictObject({
        success: z.array(StatusPattern).min(1).default(['2xx']),
        deactivate: z.array(StatusPattern).default([]),
        deactivation: z.enum(['disable', 'remove']).default('disable'),
      })
      .prefault({}),
    breaker: BreakerPolicy.nullable().default(null).meta({
      description: 'Null: every attempt of the schedule is made, however long the receiver has been failing.',
    }),
    verification: z.enum(VERIFICATIONS).default('none'),
    testEvent: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('message') }).meta({
          description: 'A message of the type posthorn.test, or the example of an event type that is asked for.',
        }),
        z
          .strictObject({ kind: z.literal('example') })
          .meta({ description: 'The example of the subscription’s event type, or of the one that is asked for.' }),
        z
          .strictObject({ kind: z.literal('fixed'), data: AnyJson })
          .meta({ description: 'Always this data, as an event of the subscription’s type.' }),
      ])
      .default({ kind: 'message' })
      .meta({
        description: 'Unless it is given: {"kind": "message"}.',
        // Generators of clients leave out a schema with a default on a choice of objects.
        override: { default: undefined },
      }),
    provenance: z
      .record(z.string(), z.strictObject({ origin: z.enum(PROVENANCES), note: z.string().max(500).default('') }))
      .default({})
      .meta({
        description: 'By JSON pointer: whether a value is promised by the vendor, found in public, or our own choice.',
      }),
  })
  .meta({ id: 'Profile' });
export type ProfileDocument = z.infer<typeof ProfileDocument>;
