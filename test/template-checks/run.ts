import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { pythonWith } from '../../testing/python-environment.ts';
import { plainName, synthesise } from '../rehearsal/assembly.ts';
import { ACCEPTED } from './accepted.ts';

/*
 * Checks the template, as delivered, with cfn-lint and checkov. Fails on a finding that accepted.ts does not give a reason for,
 * and on a reason for a finding that there is no more.
 */

interface Finding {
  check: string;
  resource: string;
  message: string;
}

const Linted = z.array(
  z.object({
    Rule: z.object({ Id: z.string() }),
    Message: z.string(),
    Location: z.object({ Path: z.array(z.union([z.string(), z.number()])).nullable() }),
  }),
);
const Checked = z.object({
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() })),
  }),
  summary: z.object({ passed: z.int().min(1), parsing_errors: z.literal(0) }),
});

/** The package has nothing that `python -m` would run. */
const CFN_LINT = 'from cfnlint.runner import main; main()';

const folder = mkdtempSync(join(tmpdir(), 'posthorn-template-'));
try {
  const template = join(folder, 'Posthorn.template.json');
  writeFileSync(template, JSON.stringify((await synthesise()).asDelivered.template));
  const findings = (await Promise.all([lint(template), check(template)])).flat();

  const isAccepted = ({ check, resource }: Finding) =>
    ACCEPTED.some((one) => one.check === check && one.resources.test(resource));
  const faults = findings.filter((one) => !isAccepted(one));
  for (const { check, resource, message } of faults) console.error(`${check} ${resource}: ${message}`);
  const stale = ACCEPTED.filter((one) => !findings.some((two) => one.check === two.check));
  for (const { check } of stale) console.error(`${check} is accepted, but no longer occurs`);
  console.log(`${findings.length} findings, ${findings.length - faults.length} of them with a reason`);
  if (faults.length + stale.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function lint(template: string): Promise<Finding[]> {
  const python = await pythonWith('cfn-lint==1.58.0');
  const found = Linted.parse(await runForJson(python, ['-c', CFN_LINT, '--format', 'json', template]));
  return found.map(({ Rule, Message, Location }) => ({
    check: Rule.Id,
    resource: plainName(String(Location.Path?.[1] ?? 'template')),
    message: Message,
  }));
}

async function check(template: string): Promise<Finding[]> {
  const python = await pythonWith('checkov==3.3.30');
  const options = ['--framework', 'cloudformation', '--output', 'json', '--quiet', '--skip-download'];
  const checkov = ['-m', 'checkov.main', '--file', template, ...options];
  const { results } = Checked.parse(await runForJson(python, checkov));
  return results.failed_checks.map(({ check_id, check_name, resource }) => ({
    check: check_id,
    resource: plainName(resource.split('.').at(-1) ?? resource),
    message: check_name,
  }));
}

/** Both end with an error code when they find something. */
function runForJson(command: string, args: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`${args.join(' ')} gave no JSON: ${error?.message}\n${stdout}${stderr}`));
      }
    });
  });
}
