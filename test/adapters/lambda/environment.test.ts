import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../functions/adapters/lambda/environment.ts';
import { ENV } from '../../../functions/names.ts';

const CONSOLE = {
  companyName: 'Acme',
  logoUrl: null,
  accentColor: null,
  profiles: [],
  defaultProfile: 'standard',
  pages: [],
  frameAncestors: [],
  signIn: null,
};
const ALL = {
  CATALOG_TABLE: 'catalog',
  JOURNAL_TABLE: 'journal',
  EVENTS_QUEUE_URL: 'https://sqs/events',
  DELIVERIES_QUEUE_URL: 'https://sqs/deliveries',
  RETRIES_QUEUE_URL: 'https://sqs/retries',
  EVENTS_DEAD_LETTERS_URL: 'https://sqs/events-dead',
  DELIVERIES_DEAD_LETTERS_URL: 'https://sqs/deliveries-dead',
  RETRIES_DEAD_LETTERS_URL: 'https://sqs/retries-dead',
  JOBS_DEAD_LETTERS_URL: 'https://sqs/jobs-dead',
  SYSTEM_EVENTS_BUS: '',
  RETRIES_QUEUE_ARN: 'arn',
  ADMIN_SECRET_ARN: 'arn',
  KMS_KEY_ARN: 'arn',
  EVENT_TYPES: 'strict',
  DEFAULT_PROFILE: 'standard',
  COMPATIBILITY: 'keypay,staffology',
  MAX_SUBSCRIPTIONS_PER_TENANT: '1000',
  JOURNAL_RETENTION_DAYS: '30',
  AUDIT_RETENTION_DAYS: '400',
  DISABLE_AFTER_DAYS: '5',
  JOBS_QUEUE_URL: 'https://sqs.test/jobs',
  STATS_RETENTION_DAYS: '0',
  ALLOWED_PRIVATE_RANGES: '10.0.0.0/8,127.0.0.0/8',
  DENIED_RANGES: '10.1.0.0/16',
  ALLOWED_PORTS: '443,8443',
  ALLOW_HTTP: 'false',
  ATTEMPT_TIMEOUT_SECONDS: '15',
  MAX_QUEUE_WAIT_SECONDS: '900',
  API_URL: 'https://api.test',
  COMMIT: 'abc1234',
  CONSOLE_SETTINGS: JSON.stringify(CONSOLE),
};
const names = Object.values(ENV);

describe("a function's environment", () => {
  it('is read as the contract means it', () => {
    expect(readEnvironment(names, ALL)).toEqual({
      ...ALL,
      COMPATIBILITY: ['keypay', 'staffology'],
      MAX_SUBSCRIPTIONS_PER_TENANT: 1_000,
      JOURNAL_RETENTION_DAYS: 30,
      AUDIT_RETENTION_DAYS: 400,
      DISABLE_AFTER_DAYS: 5,
      JOBS_QUEUE_URL: 'https://sqs.test/jobs',
      STATS_RETENTION_DAYS: 0,
      ALLOWED_PRIVATE_RANGES: ['10.0.0.0/8', '127.0.0.0/8'],
      DENIED_RANGES: ['10.1.0.0/16'],
      ALLOWED_PORTS: [443, 8443],
      ALLOW_HTTP: false,
      ATTEMPT_TIMEOUT_SECONDS: 15,
      MAX_QUEUE_WAIT_SECONDS: 900,
      CONSOLE_SETTINGS: CONSOLE,
    });
    expect(
      readEnvironment(names, { ...ALL, ALLOWED_PORTS: '', ALLOWED_PRIVATE_RANGES: '', COMPATIBILITY: '' }),
    ).toMatchObject({
      COMPATIBILITY: [],
      ALLOWED_PORTS: [],
      ALLOWED_PRIVATE_RANGES: [],
    });
  });

  it.each([
    ['CATALOG_TABLE', ''],
    ['CATALOG_TABLE', undefined],
    ['EVENTS_QUEUE_URL', 'events'],
    ['EVENT_TYPES', 'closed'],
    ['DEFAULT_PROFILE', ''],
    ['COMPATIBILITY', 'keypay,acme'],
    ['MAX_SUBSCRIPTIONS_PER_TENANT', '0'],
    ['JOURNAL_RETENTION_DAYS', '0'],
    ['STATS_RETENTION_DAYS', '-1'],
    ['ALLOW_HTTP', 'yes'],
    ['ALLOWED_PORTS', '443,http'],
    ['ALLOWED_PORTS', '65536'],
    ['ATTEMPT_TIMEOUT_SECONDS', '-1'],
    ['MAX_QUEUE_WAIT_SECONDS', '901'],
  ])('with %s of %j is a fault that is named', (name, value) => {
    expect(() => readEnvironment(names, { ...ALL, [name]: value })).toThrow(
      new RegExp(`environment is wrong[\\s\\S]*${name}`),
    );
  });

  it('is read only as far as it is needed', () => {
    expect(readEnvironment([ENV.catalogTable], { CATALOG_TABLE: 'catalog' })).toEqual({ CATALOG_TABLE: 'catalog' });
  });
});
