import { describe, expect, it } from 'vitest';
import {
  type EventType,
  EventTypeName,
  EventTypePattern,
  matchesPattern,
  PublishableTypeName,
  unknownPatterns,
} from '../../../functions/core/event/event-type.ts';
import { makeEventType } from '../../support/domain.ts';

const makeType = (name: string, archived = false): EventType => makeEventType({ name, archived });

describe('matchesPattern', () => {
  it.each<[string, string, boolean]>([
    ['employee.created', 'employee.created', true],
    ['employee.created', 'employee.createdx', false],
    ['employee.created', 'Employee.created', false],
    ['employee.*', 'employee.created', true],
    ['employee.*', 'employee.contract.signed', true],
    ['employee.*', 'employee', false],
    ['employee.*', 'employees.created', false],
    ['employee.*', 'old.employee.created', false],
    ['*', 'anything', true],
    ['*', 'posthorn.test', false],
    ['posthorn.*', 'posthorn.test', false],
    ['posthorn.test', 'posthorn.test', true],
    ['*', 'posthorn.job.ended', true],
    ['posthorn.*', 'posthorn.job.ended', true],
  ])('%s and %s: %s', (pattern, type, expected) => {
    expect(matchesPattern(pattern, type)).toBe(expected);
  });
});

describe('names and patterns', () => {
  const good = ['a', 'EmployeeCreated', 'employee.created', 'a-b_c.D:e9', 'a'.repeat(128)];
  const bad = ['', '.', 'a.', '.a', 'a..b', 'a b', 'a/b', 'é', 'a\n', '*a', 'a*', 'a.*.b', '**', 'a'.repeat(131)];

  it.each(good)('%s is both', (text) => {
    expect(EventTypeName.safeParse(text).success).toBe(true);
    expect(EventTypePattern.safeParse(text).success).toBe(true);
  });

  it.each(bad)('%j is neither', (text) => {
    expect(EventTypeName.safeParse(text).success).toBe(false);
    expect(EventTypePattern.safeParse(text).success).toBe(false);
  });

  it.each(['*', 'a.*', 'a.b.*'])('%s is a pattern only', (text) => {
    expect(EventTypeName.safeParse(text).success).toBe(false);
    expect(EventTypePattern.safeParse(text).success).toBe(true);
  });

  it('are checked in no time, however long they are', () => {
    const startedAt = performance.now();
    expect(EventTypePattern.safeParse(`${'a.'.repeat(500_000)}!`).success).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("Posthorn's own types cannot be published", () => {
    expect(PublishableTypeName.safeParse('posthorn.test').success).toBe(false);
    expect(PublishableTypeName.safeParse('posthorns.test').success).toBe(true);
  });
});

describe('unknownPatterns', () => {
  const eventTypes = [makeType('employee.created'), makeType('payslip.sent', true)];

  it.each<[string[], string[]]>([
    [['employee.created', 'employee.*', '*'], []],
    [['employee.deleted'], ['employee.deleted']],
    [
      ['payslip.sent', 'payslip.*'],
      ['payslip.sent', 'payslip.*'],
    ],
    [
      ['other.*', 'employee.created', 'more'],
      ['other.*', 'more'],
    ],
  ])('of %j are %j', (patterns, unknown) => {
    expect(unknownPatterns(patterns, eventTypes)).toEqual(unknown);
  });
});
