import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { createApp } from '../../lib/app.ts';
import { costOf } from '../cost.ts';
import { PRICES } from '../prices.ts';
import { type FixedLine, fixedCosts } from './fixed.ts';
import { MEASURED } from './measured.ts';

/*
 * npm run costs [-- -c key=value …]: what the stack costs a month with these settings, without any delivery and by volume.
 * List prices of us-east-1 without free tiers (bench/prices.ts); use a delivery as `npm run bench` measured it.
 */

const VOLUMES = [1, 30, 1_000];
const MILLION = 1_000_000;
/** Of continuous backups of a table, a GB and month. https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const BACKUP_DOLLARS = 0.2;

const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true, default: [] } } });
const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

/** The stack's resources, synthesised without its bundles. */
function resourcesOf(settings: readonly string[]) {
  const outdir = mkdtempSync(join(tmpdir(), 'posthorn-costs-'));
  try {
    const given = settings.map((setting) => setting.split(/=(.*)/s, 2));
    const context = { 'aws:cdk:bundling-stacks': [], ...Object.fromEntries(given) };
    const app = createApp({ appProps: { outdir, context, builtinCloudFormationValidation: false } });
    const [stack] = app.synth().stacks;
    return Template.parse(stack?.template).Resources;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

const dollars = (value: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function printFixed(lines: readonly FixedLine[]): void {
  console.log('Fixed, a month:\n');
  console.log(row(['', 'how many', '$']));
  console.log(row(['---', '---:', '---:']));
  for (const { name, count, dollars: each } of lines)
    console.log(row([name, Math.round(count).toLocaleString('en'), dollars(each)]));
  const sum = lines.reduce((total, line) => total + line.dollars, 0);
  console.log(row(['together', '', dollars(sum)]));
}

function printByVolume(): void {
  const kinds = ['burst', 'paced'] as const;
  const columns = VOLUMES.flatMap((millions) => kinds.map((kind) => ({ millions, kind })));
  console.log('\nBy volume, a month, in millions of deliveries:\n');
  console.log(row(['', ...columns.map(({ millions, kind }) => `${millions.toLocaleString('en')} M, ${kind}`)]));
  console.log(row(['---', ...columns.map(() => '---:')]));
  const costs = { burst: costOf(MEASURED.burst, 1), paced: costOf(MEASURED.paced, 1) };
  for (const [index, { name }] of costs.burst.lines.entries())
    console.log(
      row([
        PRICES[name].name,
        ...columns.map(({ millions, kind }) => dollars((costs[kind].lines[index]?.dollarsPerMillion ?? 0) * millions)),
      ]),
    );
  console.log(
    row(['together', ...columns.map(({ millions, kind }) => dollars(costs[kind].dollarsPerMillion * millions))]),
  );
  const backups = ({ millions, kind }: (typeof columns)[number]): string =>
    dollars((MEASURED[kind].dynamodbStorage * millions * MILLION * BACKUP_DOLLARS) / PRICES.dynamodbStorage.per);
  console.log(row(['backups of the Journal, if on', ...columns.map(backups)]));
}

printFixed(fixedCosts(resourcesOf(values.context)));
printByVolume();
