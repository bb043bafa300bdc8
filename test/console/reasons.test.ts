import { describe, expect, it } from 'vitest';
import { deliveryPageTexts } from '../../console/texts/delivery.ts';
import { jobTexts } from '../../console/texts/jobs.ts';
import { sharedTexts } from '../../console/texts/shared.ts';
import { webhookTexts } from '../../console/texts/webhook.ts';
import { webhookFormTexts } from '../../console/texts/webhook-form.ts';
import { FILTER_MISMATCH_CODES } from '../../functions/core/subscription/filter/mismatch.ts';
import { ATTEMPT_OUTCOMES } from '../../functions/core/target/webhook.ts';

const ENGLISH = 'What the API says.';
const AT = '2026-11-26T12:00:00.000Z';
const FAILED = ATTEMPT_OUTCOMES.filter((outcome) => outcome !== 'success');

/** What each place says of a code, in a language. */
const PLACES = {
  'a filter that is tried': (language: 'en' | 'de', code: (typeof FILTER_MISMATCH_CODES)[number]) =>
    webhookFormTexts[language].wouldNotDeliver({
      matches: false,
      reason: ENGLISH,
      mismatch: { code, field: 'data.country', found: '"FR"' },
    }),
  'a URL that is tested': (language: 'en' | 'de', code: string) =>
    webhookFormTexts[language].testFailed(code, ENGLISH, 3),
  'the last failure': (language: 'en' | 'de', outcome: (typeof ATTEMPT_OUTCOMES)[number]) =>
    webhookTexts[language].failedBy({ outcome, status: null, message: ENGLISH, at: AT }),
  'a disabled webhook': (language: 'en' | 'de', code: string) =>
    sharedTexts[language].disabledBecause({ code, message: ENGLISH, at: AT }),
  'a request that is refused': (language: 'en' | 'de', code: string) => sharedTexts[language].refused(code, ENGLISH),
  'a job': (language: 'en' | 'de', code: string) => jobTexts[language].failedBy({ code, message: ENGLISH }),
};

describe('a reason in German', () => {
  it.each([
    ...FILTER_MISMATCH_CODES.map(
      (code) => ['a filter that is tried', PLACES['a filter that is tried']('de', code)] as const,
    ),
    ...FAILED.map((outcome) => ['a URL that is tested', PLACES['a URL that is tested']('de', outcome)] as const),
    ...FAILED.map((outcome) => ['the last failure', PLACES['the last failure']('de', outcome)] as const),
    ...['receiver_gone', 'receiver_failing'].map(
      (code) => ['a disabled webhook', PLACES['a disabled webhook']('de', code)] as const,
    ),
    ...['unauthenticated', 'forbidden', 'not_found', 'rate_limited', 'internal_error', 'unavailable'].map(
      (code) => ['a request that is refused', PLACES['a request that is refused']('de', code)] as const,
    ),
    ...['subscription_deleted', 'event_gone', 'internal_error'].map(
      (code) => ['a job', PLACES['a job']('de', code)] as const,
    ),
  ])('of %s is not the English of the API: %s', (_, words) => {
    expect(words).not.toContain(ENGLISH);
    expect(words.length).toBeGreaterThan(20);
  });

  it('names the field of the event, and what it holds', () => {
    expect(PLACES['a filter that is tried']('de', 'field_differs')).toMatch(/data\.country ist "FR"/);
    expect(PLACES['a filter that is tried']('de', 'field_missing')).toMatch(/data\.country fehlt/);
  });

  it('is the sentence of the API where the code is new', () => {
    expect(PLACES['a URL that is tested']('de', 'unheard_of')).toBe(`${ENGLISH} (nach 3 ms)`);
    expect(PLACES['a disabled webhook']('de', 'toString')).toBe(`Abgeschaltet: ${ENGLISH}`);
    expect(PLACES['a job']('de', 'unheard_of')).toBe(ENGLISH);
    expect(PLACES['a request that is refused']('de', 'conflict')).toBe(ENGLISH);
  });

  it('names the status that was answered', () => {
    const failure = { outcome: 'http_error', status: 500, message: ENGLISH, at: AT } as const;
    expect(webhookTexts.de.failedBy(failure)).toBe('Der Empfänger antwortete mit Status 500.');
  });
});

describe('a reason in English', () => {
  it('is the sentence of the API, which says more than a code can', () => {
    const said = [
      PLACES['a filter that is tried']('en', 'field_differs'),
      PLACES['a URL that is tested']('en', 'timeout'),
      PLACES['the last failure']('en', 'timeout'),
      PLACES['a disabled webhook']('en', 'receiver_gone'),
      PLACES['a job']('en', 'event_gone'),
    ];
    for (const words of said) expect(words).toContain(ENGLISH);
  });
});

describe('the reason of a delivery', () => {
  it('has the same codes in both languages, each with a text of its own', () => {
    const { en, de } = deliveryPageTexts;
    expect(Object.keys(de.reasons)).toEqual(Object.keys(en.reasons));
    expect(Object.values(de.reasons).filter((text) => Object.values<string>(en.reasons).includes(text))).toEqual([]);
  });
});
