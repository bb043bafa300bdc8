/** `critical`: webhooks or the API fail, or will soon; someone is woken. `warning`: to be looked at in working hours. */
export const SEVERITIES = ['critical', 'warning'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface AlarmDefinition {
  readonly severity: Severity;
  /** What has happened, in a sentence. `{of}` stands for the function, queue or table, `{threshold}` for the threshold. */
  readonly description: string;
  /** The default, and the range that a company may choose from. */
  readonly threshold: { readonly default: number; readonly min: number; readonly max: number };
  /** What the threshold counts. */
  readonly unit: string;
  /** @default above */
  readonly goesOff?: 'below';
  /** How many of the last three periods of five minutes must be beyond the threshold. @default only the last one counts */
  readonly periodsOfThree?: 2 | 3;
  /** Silence is what the alarm is for. @default a function that did not run and an empty queue report nothing, which is well */
  readonly whenMissing?: 'breaching';
}

const count = (byDefault: number) => ({ default: byDefault, min: 0, max: 1_000_000 });
const percent = (byDefault: number) => ({ default: byDefault, min: 1, max: 99 });
const seconds = (byDefault: number) => ({ default: byDefault, min: 1, max: 7 * 86_400 });

/** What cannot be processed. SQS counts each message that is there, so such an alarm lasts until the messages are put back. */
function deadLetters(severity: Severity): AlarmDefinition {
  const description = 'Messages of the {of} queue could not be processed, which means a fault of the system.';
  return { severity, description, threshold: count(0), unit: 'messages' };
}

/** One crash is retried by SQS, the schedule or the caller; what goes on is a fault. */
function errors(severity: Severity): AlarmDefinition {
  const description = 'The function {of} keeps failing or timing out.';
  return { severity, description, threshold: count(0), unit: 'errors in 5 minutes', periodsOfThree: 2 };
}

function age(severity: Severity, byDefault: number): AlarmDefinition {
  const description = 'The oldest message of the {of} queue has waited for more than {threshold} seconds.';
  return { severity, description, threshold: seconds(byDefault), unit: 'seconds' };
}

/**
 * Every alarm there is. Its heading in docs/runbook.md is its name in words. Those of functions, queues and tables stand for
 * one alarm each.
 */
const definitions = {
  canary: {
    severity: 'critical',
    description:
      'No event of the canary has come back in time and with a good signature: the way from the API to a receiver is broken or slow.',
    threshold: { default: 60, min: 1, max: 240 },
    unit: 'seconds of a round trip',
    periodsOfThree: 2,
    whenMissing: 'breaching',
  },
  serverErrorsOfTheApi: {
    severity: 'critical',
    description: 'The HTTP API keeps answering with server errors.',
    threshold: count(0),
    unit: 'answers in 5 minutes',
    periodsOfThree: 2,
  },
  lateFirstAttempts: {
    severity: 'critical',
    description:
      'Of 100 events one or more waited for over {threshold} seconds between being accepted and their first attempt.',
    threshold: seconds(60),
    unit: 'seconds, the 99th percentile',
    periodsOfThree: 2,
  },
  overdueDeliveries: {
    severity: 'critical',
    description: 'A delivery is waiting that should have been attempted more than {threshold} seconds ago.',
    threshold: seconds(900),
    unit: 'seconds, of the oldest',
  },
  successRatio: {
    severity: 'critical',
    description:
      'Of all attempts, at 100 or more in 5 minutes, less than {threshold} % succeed: so many receivers do not fail by themselves.',
    threshold: percent(50),
    unit: '% of attempts',
    goesOff: 'below',
    periodsOfThree: 2,
  },
  sweepNotRunning: {
    severity: 'critical',
    description:
      'The function sweep has run less than {threshold} times in 5 minutes: later retries and lost messages wait.',
    threshold: { default: 3, min: 1, max: 5 },
    unit: 'runs in 5 minutes',
    goesOff: 'below',
    periodsOfThree: 2,
    whenMissing: 'breaching',
  },
  throttles: {
    severity: 'critical',
    description: 'Lambda keeps refusing to run the function {of}, because the account or the function is at its limit.',
    threshold: count(0),
    unit: 'refusals in 5 minutes',
    periodsOfThree: 2,
  },
  accountConcurrency: {
    severity: 'warning',
    description: 'More than {threshold} % of the concurrency of Lambda that the account has in this region is taken.',
    threshold: percent(80),
    unit: '% of `accountConcurrency`',
  },
  slowFunctions: {
    severity: 'warning',
    description: 'One in 100 invocations of {of} takes more than {threshold} % of its timeout.',
    threshold: percent(80),
    unit: '% of the timeout, the 99th percentile',
    periodsOfThree: 2,
  },
  throttledTables: {
    severity: 'warning',
    description: 'DynamoDB keeps refusing requests to the table {of} or its indexes.',
    threshold: count(0),
    unit: 'refusals in 5 minutes',
    periodsOfThree: 2,
  },
  errorsOfApi: errors('critical'),
  errorsOfIngest: errors('critical'),
  errorsOfDeliver: errors('critical'),
  errorsOfSweep: errors('critical'),
  errorsOfJobs: errors('warning'),
  errorsOfConsole: errors('warning'),
  ageOfEvents: age('critical', 900),
  ageOfDeliveries: age('critical', 900),
  // A message may be delayed by up to 15 minutes, which counts as its age.
  ageOfRetries: age('warning', 2_700),
  ageOfJobs: age('warning', 2_700),
  retriesInFlight: {
    severity: 'critical',
    description: 'More than {threshold} retries are in flight; past 120,000 SQS stops handing them out.',
    threshold: { default: 80_000, min: 1_000, max: 119_000 },
    unit: 'messages',
  },
  deadLettersOfEvents: deadLetters('critical'),
  deadLettersOfDeliveries: deadLetters('critical'),
  deadLettersOfRetries: deadLetters('warning'),
  deadLettersOfJobs: deadLetters('warning'),
  interruptedDeliveries: {
    severity: 'critical',
    description: 'Deliveries failed because the ends of ten of their attempts were never recorded.',
    threshold: count(0),
    unit: 'deliveries in 5 minutes',
  },
  lostAuditRecords: {
    severity: 'critical',
    description: 'Changes were made whose records could not be written to the audit trail.',
    threshold: count(0),
    unit: 'records in 5 minutes',
  },
  failedJobs: {
    severity: 'warning',
    description: 'A job failed: a page of its work could not be done.',
    threshold: count(0),
    unit: 'jobs in 5 minutes',
  },
  rejectedEvents: {
    severity: 'warning',
    description: 'Events that were published are wrong, and reach no receiver.',
    threshold: count(0),
    unit: 'events in 5 minutes',
  },
  exhaustedDeliveries: {
    severity: 'warning',
    description: 'More than {threshold} deliveries failed for good: their receivers did not take them in any attempt.',
    threshold: count(100),
    unit: 'deliveries in 5 minutes',
  },
} as const satisfies Record<string, AlarmDefinition>;

export type AlarmName = keyof typeof definitions;
export const ALARMS: Readonly<Record<AlarmName, AlarmDefinition>> = definitions;

// `Object.keys` knows less of its argument than we do.
export const ALARM_NAMES = Object.keys(definitions) as AlarmName[];

/** The anchor of the alarm's heading in docs/runbook.md. */
export function runbookAnchor(name: AlarmName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
