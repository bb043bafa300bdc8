import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HTTP_API_REQUEST, PRICES } from '../../bench/prices.ts';
import { drawDashboard } from '../../bin/dashboard-picture.ts';
import { METRICS } from '../../functions/names.ts';
import { plainName, plainValue, propertiesOf, synthesize } from './synthesize.ts';

interface Widget {
  type: 'alarm' | 'metric' | 'text';
  x: number;
  y: number;
  width: number;
  height: number;
  properties: { title?: string; markdown?: string; alarms?: string[]; metrics?: unknown[][] };
}

function widgets(): Widget[] {
  const [dashboard] = Object.values(propertiesOf(synthesize(), 'AWS::CloudWatch::Dashboard'));
  return JSON.parse(plainValue(dashboard?.DashboardBody)).widgets;
}

/** Each metric on the dashboard, as a list of its namespace, name, dimensions and options. */
function shown(title?: string): string[] {
  return widgets()
    .filter((one) => title === undefined || one.properties.title === title)
    .flatMap(({ properties }) => properties.metrics ?? [])
    .map((metric) => JSON.stringify(metric));
}

test('the dashboard answers one question after another, from the top', () => {
  const questions = widgets()
    .toSorted((a, b) => a.y - b.y)
    .flatMap(({ properties: { title, markdown } }) => markdown?.split('\n')[0] ?? (title?.endsWith('?') ? title : []));
  expect(questions).toEqual([
    'What is wrong?',
    '## Is it us or a receiver?',
    '## Since when?',
    '## How much is waiting?',
    '## What is at its limit?',
    '## What does it cost today?',
  ]);
});

test('it begins with the state of every alarm', () => {
  const alarms = Object.keys(propertiesOf(synthesize(), 'AWS::CloudWatch::Alarm'));
  const [first] = widgets();
  expect(first?.properties.alarms?.map((arn) => plainName(arn.replace('.Arn', ''))).sort()).toEqual(alarms.sort());
});

test('no widget lies on another, and none is wider than the page', () => {
  const all = widgets();
  expect(Math.max(...all.map(({ x, width }) => x + width))).toBe(24);
  const overlapping = all.filter((a, index) =>
    all
      .slice(index + 1)
      .some((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height),
  );
  expect(overlapping).toEqual([]);
});

test('each metric that is emitted is on the dashboard or in an alarm', () => {
  const alarms = JSON.stringify(propertiesOf(synthesize(), 'AWS::CloudWatch::Alarm'));
  const seen = `${shown().join()} ${alarms}`;
  // They say nothing that someone on call would act upon; the logs have each case.
  const unwatched = [
    METRICS.filtersOverBudget,
    METRICS.schemasOverBudget,
    METRICS.jobsEnded,
    METRICS.subscriptionsDisabled,
  ];
  const missing = Object.values(METRICS).filter((name) => !seen.includes(`"${name}"`));
  expect(missing.sort()).toEqual([...unwatched].sort());
});

test('the cost of a day adds up each use at its price', () => {
  const cost = shown('Dollars a day').join('\n');
  const uses = (dollars: number) => cost.split(`* ${dollars.toFixed(16)}`).length - 1;
  expect(uses(PRICES.dynamodbWrite.dollars / 1e6)).toBe(5);
  expect(uses(PRICES.dynamodbRead.dollars / 1e6)).toBe(5);
  expect(uses(PRICES.lambdaRequest.dollars / 1e6)).toBe(7);
  const aMillisecond = (memoryMiB: number) => uses((PRICES.lambdaDuration.dollars * memoryMiB) / 1024 / 1000);
  // ingest, deliver and jobs; api and console; sweep; canary.
  expect([512, 1024, 1769, 256].map(aMillisecond)).toEqual([3, 2, 1, 1]);
  // Four queues: sent, received, deleted, and found empty.
  expect(uses((PRICES.sqsRequest.dollars + PRICES.sqsFairRequest.dollars) / 1e6)).toBe(16);
  expect(uses(PRICES.logs.dollars / 1024 ** 3)).toBe(8);
  expect(uses(HTTP_API_REQUEST.dollars / 1e6)).toBe(1);
  expect(cost.match(/\["AWS\/[^\n]*/g)).toHaveLength(5 + 5 + 7 + 7 + 16 + 8 + 1);
  for (const line of cost.match(/\["AWS\/[^\n]*/g) ?? []) expect(line).toContain('"period":86400');
});

test('docs/dashboard.svg shows it as it is', () => {
  const picture = readFileSync(new URL('../../docs/dashboard.svg', import.meta.url), 'utf8');
  expect(drawDashboard(synthesize().toJSON()) === picture, 'draw it again: npm run draw-dashboard').toBe(true);
});

function savedQueries() {
  return Object.values(propertiesOf(synthesize(), 'AWS::Logs::QueryDefinition')).map(({ Name, QueryString }) => ({
    name: String(Name).split('/')[1] ?? '',
    text: String(QueryString),
  }));
}

test('the runbook names each saved query, and none that there is not', () => {
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const named = [...runbook.matchAll(/\bsaved query "([^"]+)"/gi)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(
    savedQueries()
      .map(({ name }) => name)
      .sort(),
  );
});

test('a saved query asks for messages that the functions log', () => {
  const sources = globSync('functions/**/*.ts').map((path) => readFileSync(path, 'utf8'));
  const asked = savedQueries().flatMap(({ text }) =>
    [...text.matchAll(/message = ("[^"]+")/g)].map(([, m]) => m ?? ''),
  );
  expect(asked).toHaveLength(3);
  expect(asked.filter((message) => !sources.join().includes(message.replaceAll('"', "'")))).toEqual([]);
});
