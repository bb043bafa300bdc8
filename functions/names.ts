/**
 * Names that the infrastructure (`lib/`) and the handlers share. This is the only file of `functions/` that `lib/`
 * imports: a renamed variable or index breaks both sides at the same time.
 */

export const FUNCTION_NAMES = ['api', 'ingest', 'deliver', 'sweep', 'jobs', 'console', 'canary'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** Environment variables of the functions. Each handler's `env.ts` parses those that it needs. */
export const ENV = {
  catalogTable: 'CATALOG_TABLE',
  journalTable: 'JOURNAL_TABLE',
  eventsQueueUrl: 'EVENTS_QUEUE_URL',
  deliveriesQueueUrl: 'DELIVERIES_QUEUE_URL',
  retriesQueueUrl: 'RETRIES_QUEUE_URL',
  eventsDeadLettersUrl: 'EVENTS_DEAD_LETTERS_URL',
  deliveriesDeadLettersUrl: 'DELIVERIES_DEAD_LETTERS_URL',
  retriesDeadLettersUrl: 'RETRIES_DEAD_LETTERS_URL',
  jobsDeadLettersUrl: 'JOBS_DEAD_LETTERS_URL',
  /** The EventBridge bus on which system events are put, too. Empty: none. */
  systemEventsBus: 'SYSTEM_EVENTS_BUS',
  /** The queue's ARN, by which `deliver` tells its two event sources apart. */
  retriesQueueArn: 'RETRIES_QUEUE_ARN',
  jobsQueueUrl: 'JOBS_QUEUE_URL',
  adminSecretArn: 'ADMIN_SECRET_ARN',
  /** The HTTP API's own address, without a slash at the end. */
  apiUrl: 'API_URL',
  kmsKeyArn: 'KMS_KEY_ARN',
  /** `open` or `strict`: what happens to an event whose type is not a known event type. */
  eventTypes: 'EVENT_TYPES',
  /** The profile of subscriptions that name none, of tenants that have no default. */
  defaultProfile: 'DEFAULT_PROFILE',
  maxSubscriptionsPerTenant: 'MAX_SUBSCRIPTIONS_PER_TENANT',
  /** Comma-separated vendors whose own routes are mounted beside /v1, for integrations that were made for them. */
  compatibility: 'COMPATIBILITY',
  journalRetentionDays: 'JOURNAL_RETENTION_DAYS',
  auditRetentionDays: 'AUDIT_RETENTION_DAYS',
  /** How long hourly counters are kept; 0: nothing is counted. */
  statsRetentionDays: 'STATS_RETENTION_DAYS',
  /** Comma-separated CIDR blocks that receivers may have although they are not public. Empty: none. */
  allowedPrivateRanges: 'ALLOWED_PRIVATE_RANGES',
  /** Comma-separated CIDR blocks that no receiver may be in: those of the network that the functions are in. Empty: none. */
  deniedRanges: 'DENIED_RANGES',
  /** Of the source that was deployed; `unknown` if it was not given. */
  commit: 'COMMIT',
  /** Comma-separated ports that receivers may listen on. Empty: any. */
  allowedPorts: 'ALLOWED_PORTS',
  /** `true` or `false`: whether a receiver's URL may be plain http. */
  allowHttp: 'ALLOW_HTTP',
  attemptTimeoutSeconds: 'ATTEMPT_TIMEOUT_SECONDS',
  /** Waits up to this long stay in the retries queue, longer ones in the journal's due index (SQS allows 900 s of delay). */
  maxQueueWaitSeconds: 'MAX_QUEUE_WAIT_SECONDS',
  /** A subscription none of whose attempts has succeeded for so long is disabled. */
  disableAfterDays: 'DISABLE_AFTER_DAYS',
  /** JSON: what the company has set for its console, as `ConsoleSettings` reads it. */
  consoleSettings: 'CONSOLE_SETTINGS',
  /** JSON: the company's own OIDC provider, as `SignIn` reads it. Absent: none. */
  signIn: 'SIGN_IN',
} as const;

/**
 * Multiplies the time limits of requests to AWS. The runner of one machine sets it: there one thread takes the concurrent
 * invocations of a function, their requests share its connections, and the emulators share the machine's cores.
 */
export const AWS_TIME_SCALE = 'AWS_TIME_SCALE';

/** Both tables have string keys `pk` and `sk`; the attribute `expiresAt` (epoch seconds) is the Journal's TTL. */
export const TABLE_KEYS = { partition: 'pk', sort: 'sk', ttl: 'expiresAt' } as const;

/** Sparse indexes: only items that carry both attributes are in them. */
export const INDEXES = {
  /** Catalog, all attributes projected. Strings. Lists of one kind across tenants, by creation. */
  catalogList: { name: 'list', partition: 'listPk', sort: 'listSk' },
  /** Journal, keys only. Strings. A tenant's events by time; a subscription's deliveries that did not succeed, by status and time. */
  journalList: { name: 'list', partition: 'listPk', sort: 'listSk' },
  /** Journal, keys only. `dueAt` is a number (epoch milliseconds). What `sweep` has to wake. */
  journalDue: { name: 'due', partition: 'duePk', sort: 'dueAt' },
} as const;

/**
 * CloudWatch metrics that the functions emit (embedded metric format), in the namespace of their deployment. Never with a tenant
 * or subscription as a dimension: each costs.
 */
export const METRICS = {
  eventsAccepted: 'EventsAccepted',
  eventsRejected: 'EventsRejected',
  filtersOverBudget: 'FiltersOverBudget',
  schemasOverBudget: 'SchemasOverBudget',
  attemptsSucceeded: 'AttemptsSucceeded',
  attemptsFailed: 'AttemptsFailed',
  // What the failed ones are made of.
  attemptsHttpError: 'AttemptsHttpError',
  attemptsTimeout: 'AttemptsTimeout',
  attemptsConnectionRefused: 'AttemptsConnectionRefused',
  attemptsConnectionReset: 'AttemptsConnectionReset',
  attemptsDnsError: 'AttemptsDnsError',
  attemptsTlsError: 'AttemptsTlsError',
  attemptsProtocolError: 'AttemptsProtocolError',
  attemptsBlockedAddress: 'AttemptsBlockedAddress',
  /** Milliseconds from when the queue took an event to its first attempt, if nothing of the receiver's own held it up. */
  firstAttemptDelay: 'FirstAttemptDelay',
  /** Milliseconds that a receiver took for an attempt. */
  receiverLatency: 'ReceiverLatency',
  deliveriesExhausted: 'DeliveriesExhausted',
  deliveriesInterrupted: 'DeliveriesInterrupted',
  subscriptionsDisabled: 'SubscriptionsDisabled',
  deliveriesParked: 'DeliveriesParked',
  breakersOpened: 'BreakersOpened',
  deliveriesSwept: 'DeliveriesSwept',
  /** Those that `sweep` found two minutes or more after their time. */
  deliveriesOverdue: 'DeliveriesOverdue',
  /** By how many seconds the latest of them was late; 0 if none was. Each run says it. */
  oldestOverdue: 'OldestOverdue',
  jobsEnded: 'JobsEnded',
  jobsFailed: 'JobsFailed',
  auditRecordsLost: 'AuditRecordsLost',
  /** Milliseconds from when the canary published an event to when it received it. */
  canaryRoundTrip: 'CanaryRoundTrip',
} as const;

/**
 * Message attributes of an event that comes back from the dead-letter queue: the message that it was first. An event without
 * an id has one that follows from them.
 */
export const ORIGIN_ATTRIBUTES = { messageId: 'posthorn-message-id', sentAt: 'posthorn-sent-at' } as const;

/**
 * Message attribute of an event whose id the API made: `first`, or `again` in a message that repeats one whose fate its sender does
 * not know.
 */
export const MADE_ID_ATTRIBUTE = 'posthorn-made-id';

/** Message attribute of the events queue in which OpenTelemetry's instrumentation of SQS sends the publisher's trace. */
export const TRACE_ATTRIBUTE = 'traceparent';

/**
 * Whose events the canary publishes, and where it receives them. A tenant of its own, which the company sees: events of the reserved one
 * would go to whoever subscribes to `posthorn.*`.
 */
export const CANARY = { tenantId: 'posthorn-canary', eventType: 'canary.sent', path: '/canary' } as const;

/** Vendors whose own routes can be mounted, with the paths that they take. */
export const COMPATIBILITY_ROUTES = { keypay: '/business/{proxy+}', staffology: '/employers/{proxy+}' } as const;

/** Routes of the HTTP API's documentation, beside /v1. */
export const DOCS_ROUTES = ['/docs', '/docs/{asset}'] as const;

/** Where the web console is. Its function finds out by itself which file a path means. */
export const CONSOLE_ROUTES = ['/console', '/console/{path+}'] as const;

/** Pages that a company can leave out of its customers' portal. The webhooks themselves are always there. */
export const PORTAL_PAGES = [
  'add',
  'deliveries',
  'replay',
  'settings',
  'security',
  'test',
  'events',
  'publish',
] as const;
export type PortalPage = (typeof PORTAL_PAGES)[number];

/** The folder beside the console's code that holds its built files. */
export const CONSOLE_FILES = 'files';
