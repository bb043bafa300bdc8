import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import { type FunctionName, PORTAL_PAGES, type PortalPage } from '../functions/names.ts';
import { ALARM_NAMES, ALARMS, type AlarmName } from './alarm-list.ts';
import {
  defaultConcurrency,
  findOverbooking,
  LEAST_CONCURRENCY,
  type ReservedConcurrency,
  USUAL_CONCURRENCY,
} from './concurrency.ts';
import { ROLLOUTS } from './constructs/rollout.ts';
import { parseOrExplain } from './props-error.ts';

/** `-c key=value` and the CLI give every value as text; JSON in it (numbers, booleans, objects) is read as such. */
function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(fromText, z.int({ error }).min(min, { error }).max(max, { error }));
}

function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** A list, or its items as text with commas between. */
export function list<T extends z.ZodType>(item: T) {
  const split = (value: unknown) =>
    typeof value === 'string' ? value.split(',').flatMap((part) => part.trim() || []) : value;
  return z.preprocess(split, z.array(item, { error: 'must be a list, or text with commas between the items' }));
}

const retentions = Object.values(RetentionDays).filter((value) => typeof value === 'number');

/** Lambda gives CPU in proportion to memory: 1,769 MB are one core. */
const memoryMiB = whole(128, 10_240);
const reservedConcurrency = whole(1, 100_000).optional();

/** A call of AWS that is never answered is given up after 13 seconds (functions/adapters/aws/calls.ts); its function must outlive it. */
const LEAST_TIMEOUT_SECONDS = 15;

function functionTuning(
  memory: number,
  timeoutSeconds: number,
  maxTimeoutSeconds: number,
  leastTimeoutSeconds = LEAST_TIMEOUT_SECONDS,
) {
  return z.preprocess(
    fromText,
    z
      .strictObject({
        memoryMiB: memoryMiB.default(memory),
        timeoutSeconds: whole(leastTimeoutSeconds, maxTimeoutSeconds).default(timeoutSeconds),
        reservedConcurrency,
      })
      .prefault({}),
  );
}

/** The memories follow from `npm run memory` (docs/costs.md, "Memory"). */
const functions = z.strictObject({
  /** API Gateway gives up on an integration after 30 s. */
  api: functionTuning(1024, 29, 29),
  ingest: functionTuning(512, 30, 900),
  /** The timeout follows from `attemptTimeoutSeconds`. */
  deliver: z.strictObject({ memoryMiB: memoryMiB.default(512), reservedConcurrency }).prefault({}),
  /** Below the schedule's minute, so that sweeps do not pile up. */
  sweep: functionTuning(1769, 55, 55),
  /** A page takes a few seconds; below the five minutes after which `sweep` counts a job's message as lost. */
  jobs: functionTuning(512, 60, 240),
  /** Hands out files of its own, and calls no one. */
  console: functionTuning(1024, 10, 29, 1),
  canary: functionTuning(256, 25, 29),
});

function threshold(name: AlarmName) {
  const { min, max, default: byDefault } = ALARMS[name].threshold;
  return whole(min, max).default(byDefault);
}

/** One for each alarm. */
const alarmThresholds = z
  .strictObject(
    // `fromEntries` forgets which keys there are.
    Object.fromEntries(ALARM_NAMES.map((name) => [name, threshold(name)])) as Record<
      AlarmName,
      ReturnType<typeof threshold>
    >,
  )
  .prefault({});

/** The least and greatest `MaximumConcurrency` of an SQS event source. */
const maxConcurrency = whole(2, 1000).optional();

const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: 'must be a CIDR block, such as 10.20.0.0/16' });

export function arnOf(service: string) {
  const error = `must be an ARN of ${service}`;
  return z.string({ error }).regex(new RegExp(`^arn:[a-z-]+:${service}:`), { error });
}

/** Grants and log groups do not know a key by its alias. */
export const KEY_ARN = /^arn:[a-z-]+:kms:[^:]*:\d*:key\//;

const tableName = z.string().regex(/^[\w.-]{3,255}$/, { error: 'must be the name of a table' });
const adoptedQueue = z.strictObject({ queueArn: arnOf('sqs'), deadLettersArn: arnOf('sqs') });

/** What holds state and stands already, restored or left by an earlier stack, instead of what the stack would make. */
const adoption = z.strictObject({
  catalogTableName: tableName.optional(),
  journalTableName: tableName.optional(),
  /** The key that encrypts the data keys of subscriptions' secrets. Another key cannot read them. */
  encryptionKeyArn: z.string().regex(KEY_ARN, { error: 'must be the ARN of a key' }).optional(),
  adminKeySecretArn: arnOf('secretsmanager').optional(),
  queues: z
    .strictObject({
      events: adoptedQueue.optional(),
      deliveries: adoptedQueue.optional(),
      retries: adoptedQueue.optional(),
      jobs: adoptedQueue.optional(),
    })
    .prefault({}),
});

export type Adoption = z.input<typeof adoption>;

const origin = z.string().regex(/^https?:\/\/(\*\.)?[a-z0-9.-]+(:\d+)?$/, {
  error: 'must be an origin, such as https://app.example.com',
});

/** Tokens and keys of the provider travel as the URL says: in the clear only on this machine. */
const issuer = z.string().regex(/^(https:\/\/[^\s?#]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/[^\s?#]*)?)$/, {
  error: 'must be an https URL without query and fragment',
});

/** The company's own OIDC provider, and which values of which claim of its ID tokens mean what. */
const signIn = z
  .strictObject({
    issuer,
    clientId: z.string().min(1),
    claim: z.string().min(1).default('groups'),
    adminValues: list(z.string().min(1)).default([]),
    readValues: list(z.string().min(1)).default([]),
    scope: z
      .string()
      .regex(/^openid\b/, { error: 'must begin with openid' })
      .default('openid profile email'),
    origins: list(origin).default([]),
  })
  .refine(({ adminValues, readValues }) => adminValues.length + readValues.length > 0, {
    error: 'must name adminValues or readValues: otherwise no one could sign in',
  });

const isReached = (page: PortalPage, from: PortalPage) => (pages: readonly PortalPage[]) =>
  !pages.includes(page) || pages.includes(from);

const consoleSettings = z.strictObject({
  companyName: z.string().min(1).max(60).nullable().default(null),
  logoUrl: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .nullable()
    .default(null),
  accentColor: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, { error: 'must be a color, such as #ffc700' })
    .nullable()
    .default(null),
  profiles: list(z.string()).default([]),
  pages: list(oneOf(PORTAL_PAGES))
    .default([...PORTAL_PAGES])
    .refine(isReached('replay', 'deliveries'), { error: 'must have deliveries, too: replay is reached from there' })
    .refine(isReached('publish', 'events'), { error: 'must have events, too: publish is reached from there' }),
  frameAncestors: list(origin).default([]),
  signIn: signIn.nullable().default(null),
  cloudFront: z.boolean({ error: 'must be true or false' }).default(false),
});

/** The repository's own page, for those who have the repository at hand. */
const RUNBOOK = 'docs/runbook.md';

/** Every value that can be tuned, in plain units, with its range and default: the one place where these are decided. */
export const tuningShape = {
  eventTypes: oneOf(['open', 'strict']).default('open'),
  defaultProfile: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, { error: 'must be the name of a profile' })
    .default('standard'),
  /** Each event of a tenant looks at all of its subscriptions, so their number is what one event can cost. */
  maxSubscriptionsPerTenant: whole(1, 100_000).default(1000),
  compatibility: list(oneOf(['keypay', 'staffology'])).default([]),
  /** The journal drives retries: the default schedule takes 9 days if a receiver asks for its longest wait each time. */
  journalRetentionDays: whole(10, 3650).default(30),
  /** More than a year, so that last year's changes can be looked up. */
  auditRetentionDays: whole(30, 3650).default(400),
  /** Of the hourly counters; 0 counts nothing, and saves their writes. */
  statsRetentionDays: whole(0, 3650).default(90),
  journalPointInTimeRecovery: z.preprocess(fromText, z.boolean({ error: 'must be true or false' })).default(false),
  logRetentionDays: z
    .preprocess(
      fromText,
      z.enum(RetentionDays, { error: `must be one that CloudWatch Logs knows: ${retentions.join(', ')}` }),
    )
    .default(RetentionDays.ONE_MONTH),
  canary: z.preprocess(fromText, z.boolean({ error: 'must be true or false' })).default(true),
  xrayTracing: z.preprocess(fromText, z.boolean({ error: 'must be true or false' })).default(false),
  logLevel: oneOf(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  vpcFurtherRanges: list(cidr).default([]),
  corsOrigins: list(
    z
      .string()
      // API Gateway takes `*` for all that follows the scheme, and not for a part of it.
      .regex(/^(\*|https?:\/\/(\*|[^/\s,*]+))$/, {
        error: 'must be an origin, such as https://portal.example.com, or *',
      }),
  ).default([]),
  tags: z
    .preprocess(
      fromText,
      z.record(z.string().min(1).max(128), z.string().max(256), { error: 'must be JSON of names and texts' }),
    )
    .default({ application: 'posthorn' }),
  rollout: oneOf(ROLLOUTS).default('direct'),
  commit: z
    .string()
    .regex(/^[\w./-]{1,100}$/, { error: 'must be the name of a commit' })
    .default('unknown'),
  removalPolicy: oneOf(['retain', 'destroy']).default('retain'),
  adopt: z.preprocess(fromText, adoption.prefault({})),
  attemptTimeoutSeconds: whole(1, 20).default(15),
  /** 900 s is the longest DelaySeconds of SQS. */
  maxQueueWaitSeconds: whole(0, 900).default(120),
  /** Warnings come after a fifth and after three fifths of it. */
  disableAfterDays: whole(1, 365).default(5),
  /** How many functions Lambda runs for the account at the same time, all together. The defaults of what follows are shares of it. */
  accountConcurrency: whole(LEAST_CONCURRENCY, 1_000_000).default(USUAL_CONCURRENCY),
  ingestMaxConcurrency: maxConcurrency,
  firstAttemptsMaxConcurrency: maxConcurrency,
  retriesMaxConcurrency: maxConcurrency,
  jobsMaxConcurrency: maxConcurrency,
  publisherAccounts: list(z.string().regex(/^\d{12}$/, { error: 'must be the 12 digits of an AWS account' })).default(
    [],
  ),
  allowedPrivateRanges: list(cidr).default([]),
  allowedPorts: list(whole(1, 65_535)).default([]),
  allowHttp: z.preprocess(fromText, z.boolean({ error: 'must be true or false' })).default(false),
  /** The account's quota for all its HTTP APIs in a region is 10,000 a second, 5,000 at the same time. */
  throttleRate: whole(1, 100_000).default(1000),
  throttleBurst: whole(1, 100_000).default(1000),
  /** False leaves it out. */
  console: z.preprocess(fromText, z.union([z.literal(false), consoleSettings])).prefault({}),
  functions: z.preprocess(fromText, functions.prefault({})),
  alarmThresholds: z.preprocess(fromText, alarmThresholds),
  runbookUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .or(z.literal(RUNBOOK))
    .default(RUNBOOK),
};

/** Shares the account's concurrency out among what asks for none itself. */
function withConcurrency(value: z.infer<z.ZodObject<typeof tuningShape>>) {
  const { eventSources, reserved } = defaultConcurrency(value.accountConcurrency);
  const { api, sweep } = value.functions;
  return {
    ...value,
    ingestMaxConcurrency: value.ingestMaxConcurrency ?? eventSources.ingest,
    firstAttemptsMaxConcurrency: value.firstAttemptsMaxConcurrency ?? eventSources.firstAttempts,
    retriesMaxConcurrency: value.retriesMaxConcurrency ?? eventSources.retries,
    jobsMaxConcurrency: value.jobsMaxConcurrency ?? eventSources.jobs,
    functions: {
      ...value.functions,
      api: { ...api, reservedConcurrency: api.reservedConcurrency ?? reserved.api },
      sweep: { ...sweep, reservedConcurrency: sweep.reservedConcurrency ?? reserved.sweep },
    },
  };
}

const tuningSchema = z
  .strictObject(tuningShape)
  .transform(withConcurrency)
  .check(({ value, issues }) => {
    const refuse = (path: string[], message: string) => issues.push({ code: 'custom', path, message, input: value });

    // An event source that asks for more than is reserved gets throttled, and throttled batches use up receive counts.
    const asked = {
      ingest: value.ingestMaxConcurrency,
      deliver: value.firstAttemptsMaxConcurrency + value.retriesMaxConcurrency,
      jobs: value.jobsMaxConcurrency,
    };
    for (const name of ['ingest', 'deliver', 'jobs'] as const) {
      const reserved = value.functions[name].reservedConcurrency;
      if (reserved !== undefined && reserved < asked[name])
        refuse(
          ['functions', name, 'reservedConcurrency'],
          `is ${reserved}, but its event sources may ask for ${asked[name]}: raise it, or lower their maxConcurrency`,
        );
    }
    const overbooking = findOverbooking(
      value.accountConcurrency,
      {
        ingest: value.ingestMaxConcurrency,
        firstAttempts: value.firstAttemptsMaxConcurrency,
        retries: value.retriesMaxConcurrency,
        jobs: value.jobsMaxConcurrency,
      },
      reservedBy(value.functions),
    );
    if (overbooking !== null) refuse(['accountConcurrency'], overbooking);
    if (value.auditRetentionDays < value.journalRetentionDays)
      refuse(
        ['auditRetentionDays'],
        `is ${value.auditRetentionDays}, but must not be less than journalRetentionDays, which is ${value.journalRetentionDays}`,
      );
    if (value.canary && value.allowedPorts.length > 0 && !value.allowedPorts.includes(443))
      refuse(
        ['allowedPorts'],
        'must have 443, by which the canary gets its events back: add it, or set canary to false',
      );
    // test-url makes an attempt inside the API's own request.
    const api = value.functions.api.timeoutSeconds;
    if (api < value.attemptTimeoutSeconds + 5)
      refuse(['functions', 'api', 'timeoutSeconds'], `is ${api}, but must exceed attemptTimeoutSeconds by 5 or more`);
  });

function reservedBy(
  functions: Record<FunctionName, { reservedConcurrency?: number | undefined }>,
): ReservedConcurrency {
  return Object.fromEntries(
    Object.entries(functions).flatMap(([name, { reservedConcurrency: reserved }]) =>
      reserved === undefined ? [] : [[name, reserved]],
    ),
  );
}

export type Tuning = z.infer<typeof tuningSchema>;

/** Checks tuned values and fills in defaults. Throws a PropsError that names each wrong value. */
export function parseTuning(input: unknown): Tuning {
  return parseOrExplain(tuningSchema, input);
}

/** One attempt, and time to read, journal and enqueue around it. */
export function deliverTimeoutSeconds(tuning: Tuning): number {
  return tuning.attemptTimeoutSeconds + 15;
}
