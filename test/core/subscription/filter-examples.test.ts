import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { matchFilter, parseFilter } from '../../../functions/core/subscription/filter/filter.ts';

/*
 * The examples by which EventBridge documents its patterns, each with data that matches and data that does not. What
 * EventBridge calls `detail`, and the fields beside it, are in `data` here.
 *
 * [operators] https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 * [filtering] https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html
 * [nulls]     https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-null-values.html
 * [arrays]    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
 * [ruler]     https://github.com/aws/event-ruler (README), the matcher that EventBridge runs
 */
const instance = 'arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f';
const group = 'arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56:autoScalingGroupName/ASGTerminate';

const cases: [name: string, pattern: object, matching: unknown, other: unknown][] = [
  // [operators], the summary table
  [
    'and',
    { Location: ['New York'], Day: ['Monday'] },
    { Location: 'New York', Day: 'Monday' },
    { Location: 'New York', Day: 'Tuesday' },
  ],
  ['anything-but', { state: [{ 'anything-but': 'initializing' }] }, { state: 'running' }, { state: 'initializing' }],
  [
    'anything-but, begins with',
    { Region: [{ 'anything-but': { prefix: 'us-' } }] },
    { Region: 'eu-west-1' },
    { Region: 'us-east-1' },
  ],
  [
    'anything-but, ends with',
    { FileName: [{ 'anything-but': { suffix: '.png' } }] },
    { FileName: 'a.jpg' },
    { FileName: 'a.png' },
  ],
  [
    'anything-but, ignoring case',
    { state: [{ 'anything-but': { 'equals-ignore-case': 'initializing' } }] },
    { state: 'running' },
    { state: 'INITIALIZING' },
  ],
  [
    'anything-but, wildcard',
    { FilePath: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
    { FilePath: '/usr/bin/a' },
    { FilePath: '/usr/lib/a' },
  ],
  ['begins with', { Region: [{ prefix: 'us-' }] }, { Region: 'us-east-1' }, { Region: 'eu-west-1' }],
  [
    'begins with, ignoring case',
    { service: [{ prefix: { 'equals-ignore-case': 'eventb' } }] },
    { service: 'EventBridge' },
    { service: 'Events' },
  ],
  ['empty', { LastName: [''] }, { LastName: '' }, { LastName: 'Doe' }],
  ['equals', { Name: ['Alice'] }, { Name: 'Alice' }, { Name: 'alice' }],
  ['equals, ignoring case', { Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'ALICE' }, { Name: 'Alicia' }],
  ['ends with', { FileName: [{ suffix: '.png' }] }, { FileName: 'a.png' }, { FileName: 'a.PNG' }],
  [
    'ends with, ignoring case',
    { service: [{ suffix: { 'equals-ignore-case': 'tBridge' } }] },
    { service: 'EVENTBRIDGE' },
    { service: 'bridges' },
  ],
  ['exists', { ProductName: [{ exists: true }] }, { ProductName: null }, { Product: 'x' }],
  ['does not exist', { ProductName: [{ exists: false }] }, { Product: 'x' }, { ProductName: null }],
  ['not', { Weather: [{ 'anything-but': ['Raining'] }] }, { Weather: 'Sunny' }, { Weather: 'Raining' }],
  ['null', { UserID: [null] }, { UserID: null }, {}],
  ['numeric, equals', { Price: [{ numeric: ['=', 100] }] }, { Price: 100.0 }, { Price: '100' }],
  ['numeric, range', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, { Price: 10 }],
  ['or', { PaymentType: ['Credit', 'Debit'] }, { PaymentType: 'Debit' }, { PaymentType: 'Cash' }],
  [
    'or, of several fields',
    { $or: [{ Location: ['New York'] }, { Day: ['Monday'] }] },
    { Location: 'Boston', Day: 'Monday' },
    { Location: 'Boston', Day: 'Sunday' },
  ],
  ['wildcard', { FileName: [{ wildcard: 'dir/*.png' }] }, { FileName: 'dir/sub/a.png' }, { FileName: 'dir/a.gif' }],
  // [filtering]
  [
    'prefix of a time',
    { time: [{ prefix: '2017-10-02' }] },
    { time: '2017-10-02T18:43:48Z' },
    { time: '2017-10-03T18:43:48Z' },
  ],
  ['anything-but a number', { 'x-limit': [{ 'anything-but': 123 }] }, { 'x-limit': 124 }, { 'x-limit': 123 }],
  [
    'anything-but a list',
    { state: [{ 'anything-but': ['stopped', 'overloaded'] }] },
    { state: 'running' },
    { state: 'overloaded' },
  ],
  [
    'anything-but numbers',
    { 'x-limit': [{ 'anything-but': [100, 200, 300] }] },
    { 'x-limit': 101 },
    { 'x-limit': 200 },
  ],
  [
    'anything-but a list, ignoring case',
    { state: [{ 'anything-but': { 'equals-ignore-case': ['initializing', 'stopped'] } }] },
    { state: 'running' },
    { state: 'Stopped' },
  ],
  [
    'anything-but several endings',
    { FileName: [{ 'anything-but': { suffix: ['.txt', '.rtf'] } }] },
    { FileName: 'a.png' },
    { FileName: 'a.rtf' },
  ],
  [
    'three numeric fields',
    {
      'c-count': [{ numeric: ['>', 0, '<=', 5] }],
      'd-count': [{ numeric: ['<', 10] }],
      'x-limit': [{ numeric: ['=', 3.018e2] }],
    },
    { 'c-count': 5, 'd-count': 3, 'x-limit': 301.8 },
    { 'c-count': 5, 'd-count': 10, 'x-limit': 301.8 },
  ],
  [
    'exists looks at leaves only',
    { 'c-count': [{ exists: false }] },
    { state: 'running', 'c-count': { c1: 100 } },
    { state: 'running', 'c-count': 100 },
  ],
  [
    'several matchers',
    {
      time: [{ prefix: '2017-10-02' }],
      state: [{ 'anything-but': 'initializing' }],
      'c-count': [{ numeric: ['>', 0, '<=', 5] }],
      'd-count': [{ numeric: ['<', 10] }],
      'x-limit': [{ 'anything-but': [100, 200, 300] }],
    },
    { time: '2017-10-02T16:24:49Z', state: 'running', 'c-count': 5, 'd-count': 3, 'x-limit': 301.8 },
    { time: '2017-10-02T16:24:49Z', state: 'running', 'c-count': 5, 'd-count': 3, 'x-limit': 300 },
  ],
  [
    '$or of counts',
    {
      $or: [
        { 'c-count': [{ numeric: ['>', 0, '<=', 5] }] },
        { 'd-count': [{ numeric: ['<', 10] }] },
        { 'x-limit': [{ numeric: ['=', 3.018e2] }] },
      ],
    },
    { 'c-count': 9, 'd-count': 10, 'x-limit': 301.8 },
    { 'c-count': 9, 'd-count': 10, 'x-limit': 301 },
  ],
  // [nulls]
  ['an empty string', { eventVersion: [''] }, { eventVersion: '', responseElements: null }, { eventVersion: null }],
  ['a null', { responseElements: [null] }, { eventVersion: '', responseElements: null }, { responseElements: '' }],
  // [arrays]
  ['an intersection', { resources: [instance, 'x'] }, { resources: [group, instance] }, { resources: [group] }],
  // [ruler]
  [
    'wildcard within',
    { source: [{ wildcard: 'Simple*Service' }] },
    { source: 'SimpleQueueService' },
    { source: 'SimpleServices' },
  ],
  [
    '$or beside a field',
    { source: ['aws.cloudwatch'], $or: [{ metricName: ['CPUUtilization'] }, { namespace: ['AWS/EC2', 'AWS/ES'] }] },
    { source: 'aws.cloudwatch', namespace: 'AWS/ES' },
    { source: 'aws.other', namespace: 'AWS/ES' },
  ],
  [
    '$or twice',
    {
      $or: [{ metricName: ['CPUUtilization'] }, { namespace: ['AWS/EC2'] }],
      detail: { $or: [{ source: ['aws.cloudwatch'] }, { 'detail-type': ['Alarm'] }] },
    },
    { namespace: 'AWS/EC2', detail: { 'detail-type': 'Alarm' } },
    { namespace: 'AWS/EC2', detail: { 'detail-type': 'Metric' } },
  ],
  [
    'and within $or, and $or within that',
    {
      source: ['aws.cloudwatch'],
      $or: [
        { metricName: ['CPUUtilization'] },
        { metricType: ['T'], namespace: ['AWS/EC2'], $or: [{ metricId: [1234] }, { spaceId: [1000] }] },
        { scope: ['Service'] },
      ],
    },
    { source: 'aws.cloudwatch', metricType: 'T', namespace: 'AWS/EC2', spaceId: 1000 },
    { source: 'aws.cloudwatch', metricType: 'T', namespace: 'AWS/EC2', spaceId: 1 },
  ],
  [
    'fields of one object in a list',
    { employees: { firstName: ['Anna'], lastName: ['Smith'] } },
    {
      employees: [
        { firstName: 'John', lastName: 'Doe' },
        { firstName: 'Anna', lastName: 'Smith' },
      ],
    },
    {
      employees: [
        { firstName: 'Anna', lastName: 'Smith-Doe' },
        { firstName: 'Peter', lastName: 'Smith' },
      ],
    },
  ],
  [
    'lists in lists',
    { employees: { firstName: ['Anna'] } },
    { employees: [[{ firstName: 'John' }, { firstName: 'Anna' }], [{ firstName: 'Peter' }]] },
    { employees: [[{ firstName: 'John' }], [{ firstName: 'Peter' }]] },
  ],
];

describe("EventBridge's own examples", () => {
  it.each(cases)('%s', (_name, pattern, matching, other) => {
    const parsed = parseFilter({ data: pattern });
    if (!parsed.ok) expect.fail(JSON.stringify(parsed.errors));
    const match = (data: unknown) => matchFilter(parsed.filter, { type: 'a', environment: 'production', data });
    expect(match(matching)).toEqual({ matches: true });
    expect(match(other)).toMatchObject({ matches: false, reason: expect.stringContaining('but the filter wants') });
  });

  // https://github.com/localstack/localstack/issues/9711: so it was seen on AWS.
  it('anything-but takes null, but not a missing field', () => {
    const filter = { data: { foo: [{ 'anything-but': ['baz'] }] } };
    const match = (data: unknown) => matchFilter(filter, { type: 'a', environment: 'production', data }).matches;
    expect(match({ foo: null })).toBe(true);
    expect(match({})).toBe(false);
  });
});

describe("the manual's examples", () => {
  const manual = readFileSync(new URL('../../../docs/filters.md', import.meta.url), 'utf8');
  const examples = [...manual.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => json ?? '');
  const cell = (row: string) => [...(row.split(' | ')[0] ?? '').matchAll(/`(.+?)`/g)].map(([, json]) => json ?? '');
  const operators = manual
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap(cell);

  it('are valid filters', () => {
    expect(examples.length).toBeGreaterThan(3);
    for (const json of examples) expect(parseFilter(JSON.parse(json))).toMatchObject({ ok: true });
  });

  it('show valid operators', () => {
    expect(operators.length).toBeGreaterThan(12);
    for (const json of operators.filter((text) => /^["{\d]/.test(text))) {
      expect(parseFilter({ data: { f: [JSON.parse(json)] } })).toMatchObject({ ok: true });
    }
  });
});
