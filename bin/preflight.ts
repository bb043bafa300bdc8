import { parseArgs } from 'node:util';
import { SQSClient } from '@aws-sdk/client-sqs';
import cdkJson from '../cdk.json' with { type: 'json' };
import { RUNTIME } from '../lib/constructs/handler-function.ts';
import { parseTuning, type Tuning, tuningShape } from '../lib/tuning.ts';
import { type Finding, inspectAccount } from './account.ts';

const USAGE = `Usage: npm run preflight [-- -c KEY=VALUE …]

Looks, before the first deployment, at what of an account and its region a deployment would run into, and says what to change.
It reads only. Credentials and region are found as the AWS CLI finds them (AWS_PROFILE, AWS_REGION and so on).

  -c KEY=VALUE   a setting that the deployment will have, as of cdk deploy (cdk.json's hold without)`;

/** As of cdk.json and `-c`; other settings do not matter here. */
function readSettings(given: readonly string[]): { tuning: Tuning; stackName: string } {
  const pairs = given.map((one): [string, unknown] => [
    one.slice(0, one.indexOf('=')),
    one.slice(one.indexOf('=') + 1),
  ]);
  const context = [...Object.entries<unknown>(cdkJson.context), ...pairs];
  const tuning = parseTuning(Object.fromEntries(context.filter(([key]) => key in tuningShape)));
  return { tuning, stackName: String(Object.fromEntries(context).stackName ?? 'Posthorn') };
}

function linesOf({ fact, change }: Finding): string {
  return change === null ? `ok      ${fact}` : `CHANGE  ${fact}\n        ${change}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      context: { type: 'string', short: 'c', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(USAGE);
  const settings = readSettings(values.context);
  // The SDK knows of profiles, single sign-on and roles, but not of the second variable.
  const named = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  const { config } = new SQSClient(named === undefined ? {} : { region: named });
  const [credentials, region] = await Promise.all([config.credentials(), config.region()]);
  const caller = { region, credentials, endpoint: process.env.AWS_ENDPOINT_URL };
  const findings = await inspectAccount(caller, { ...settings, runtime: RUNTIME.name });
  console.log(findings.map(linesOf).join('\n'));
  if (findings.some(({ change }) => change !== null)) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
