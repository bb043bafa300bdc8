import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { inspectAccount } from '../../bin/account.ts';
import { parseTuning } from '../../lib/tuning.ts';
import { closeServer, listenOnLoopback } from '../../local/listen.ts';

const PREFLIGHT = fileURLToPath(new URL('../../bin/preflight.ts', import.meta.url));

/** An account, as AWS's endpoints tell of it. */
interface Account {
  concurrency: number;
  unreserved: number;
  hasRuntime: boolean;
  /** Null: not bootstrapped. */
  bootstrap: number | null;
  requests: number;
  burst: number;
  tableWrites: number;
  /** Whether Service Quotas knows more than AWS's defaults. */
  hasAppliedQuotas: boolean;
  /** Null: there is none. */
  stack: { status: string; isProtected: boolean } | null;
  /** What the caller may not do, as part of the call. */
  denied: string | null;
}

const USUAL: Account = {
  concurrency: 1_000,
  unreserved: 1_000,
  hasRuntime: true,
  bootstrap: 30,
  requests: 10_000,
  burst: 5_000,
  tableWrites: 40_000,
  hasAppliedQuotas: true,
  stack: null,
  denied: null,
};

interface Answer {
  status?: number;
  body: unknown;
}

async function answerOf(account: Account, incoming: IncomingMessage): Promise<Answer> {
  const body = await readText(incoming);
  const call = `${incoming.method} ${incoming.url} ${incoming.headers['x-amz-target'] ?? ''} ${body}`;
  const { concurrency, unreserved, bootstrap } = account;
  if (!incoming.headers.authorization?.includes('/eu-central-1/')) return { status: 403, body: 'not signed' };
  if (account.denied !== null && call.includes(account.denied))
    return { status: 403, body: { message: 'User is not authorized' } };
  if (call.includes('GetCallerIdentity')) return { body: '<Account>111122223333</Account>' };
  if (call.includes('Action=DescribeStacks') && call.includes('StackName=Hooks'))
    return account.stack === null
      ? { status: 400, body: '<Message>Stack with id Hooks does not exist</Message>' }
      : {
          body: `<StackStatus>${account.stack.status}</StackStatus><EnableTerminationProtection>${account.stack.isProtected}</EnableTerminationProtection>`,
        };
  if (call.startsWith('GET /2016-08-19/account-settings'))
    return {
      body: { AccountLimit: { ConcurrentExecutions: concurrency, UnreservedConcurrentExecutions: unreserved } },
    };
  if (call.startsWith('GET /2018-10-31/layers?CompatibleRuntime=nodejs24.x'))
    return account.hasRuntime
      ? { body: { Layers: [] } }
      : { status: 400, body: { message: "Value 'nodejs24.x' at 'compatibleRuntime' failed to satisfy constraint" } };
  if (call.includes('AmazonSSM.GetParameter') && call.includes('/cdk-bootstrap/hnb659fds/version'))
    return bootstrap === null
      ? { status: 400, body: { __type: 'ParameterNotFound' } }
      : { body: { Parameter: { Value: String(bootstrap) } } };
  const quotas = { 'L-8A5B8E43': account.requests, 'L-CDF5615A': account.burst, 'L-AB614373': account.tableWrites };
  const quota = Object.entries(quotas).find(([code]) => call.includes(code));
  if (call.includes('.GetServiceQuota') && !account.hasAppliedQuotas)
    return { status: 400, body: { __type: 'NoSuchResourceException' } };
  if (/\.Get(AWSDefault)?ServiceQuota /.test(call) && quota) return { body: { Quota: { Value: quota[1] } } };
  return { status: 400, body: `unexpected: ${call}` };
}

/** The address of an account whose endpoints answer so. */
async function startAccount(difference: Partial<Account>): Promise<string> {
  const account = { ...USUAL, ...difference };
  const server = createServer(async (incoming, outgoing) => {
    const { status = 200, body } = await answerOf(account, incoming);
    outgoing.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  onTestFinished(() => closeServer(server));
  return listenOnLoopback(server, 0, '');
}

/** What is to be changed, as text. */
async function changesOf(difference: Partial<Account>, settings: Record<string, unknown> = {}): Promise<string> {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const caller = { region: 'eu-central-1', credentials, endpoint: await startAccount(difference) };
  const plan = { tuning: parseTuning(settings), runtime: 'nodejs24.x', stackName: 'Hooks' };
  const findings = await inspectAccount(caller, plan);
  expect(findings.length).toBeGreaterThan(5);
  return findings.flatMap(({ fact, change }) => (change === null ? [] : [`${fact}: ${change}`])).join('\n');
}

test('an account as most are needs nothing', async () => {
  expect(await changesOf({})).toBe('');
});

test.each<[string, Partial<Account>, string[]]>([
  ['a new account', { concurrency: 10, unreserved: 10 }, ['-c accountConcurrency=10', 'L-B99A9384']],
  ['one whose concurrency others have reserved', { unreserved: 250 }, ['free 51 from', 'less than 100']],
  ['a region without the runtime', { hasRuntime: false }, ['nodejs24.x', 'another region']],
  ['no bootstrap', { bootstrap: null }, ['not bootstrapped', 'npx cdk bootstrap']],
  ['an old bootstrap', { bootstrap: 5 }, ['version 5', 'npx cdk bootstrap']],
  ['a slow gateway', { requests: 500, burst: 250 }, ['-c throttleRate=500', '-c throttleBurst=250']],
  ['a small quota for tables', { tableWrites: 1_000 }, ['1000 writes', 'L-AB614373']],
  [
    'a first deployment that failed',
    { stack: { status: 'ROLLBACK_COMPLETE', isProtected: true } },
    ['--stack-name Hooks --no-enable-termination-protection'],
  ],
  ['a caller who may not look', { denied: 'GetServiceQuota' }, ['quotas could not be looked at', 'not authorized']],
])('%s: it says what to change', async (_, account, words) => {
  const changes = await changesOf(account);
  for (const word of words) expect(changes).toContain(word);
});

test.each([
  ['works', { status: 'UPDATE_COMPLETE', isProtected: true }],
  ['took an update back', { status: 'UPDATE_ROLLBACK_COMPLETE', isProtected: true }],
  ['could not be made, and may be deleted', { status: 'ROLLBACK_COMPLETE', isProtected: false }],
])('a stack that %s needs nothing', async (_, stack) => {
  expect(await changesOf({ stack })).toBe('');
});

test('a quota that was never changed is AWS’s default', async () => {
  expect(await changesOf({ hasAppliedQuotas: false })).toBe('');
  expect(await changesOf({ hasAppliedQuotas: false, requests: 500 })).toContain('-c throttleRate=500');
});

test('it looks at the settings of the deployment', async () => {
  const small = { concurrency: 10, unreserved: 10, requests: 500, burst: 500 };
  expect(await changesOf(small, { accountConcurrency: 10, throttleRate: 500, throttleBurst: 500 })).toBe('');
});

const OTHER = { AWS_REGION: undefined, AWS_DEFAULT_REGION: 'eu-central-1' };
const BOTH = { AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'us-east-1' };
test.each([
  ['AWS_REGION', BOTH],
  ['AWS_DEFAULT_REGION alone', OTHER],
])(
  'the command prints what it finds in the region of %s, and fails if something is to be changed',
  {
    timeout: 120_000,
  },
  async (_, region) => {
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      ...region,
      AWS_ENDPOINT_URL: await startAccount({ concurrency: 10, unreserved: 10, bootstrap: null }),
    };
    const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) => {
      execFile(
        process.execPath,
        [PREFLIGHT, '-c', 'accountConcurrency=10', '-c', 'stackName=Hooks'],
        { env },
        (error, stdout, stderr) => resolve({ code: error?.code, output: stdout + stderr }),
      );
    });
    expect(code).toBe(1);
    expect(output).toContain('ok      account 111122223333, region eu-central-1');
    expect(output).toContain('ok      there is no stack Hooks yet');
    expect(output.match(/^CHANGE.*/gm)).toEqual(['CHANGE  not bootstrapped for CDK']);
  },
);
