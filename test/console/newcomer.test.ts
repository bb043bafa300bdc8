import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { useSystem } from '../e2e/use-system.ts';
import { answeredAfterMs, leastOf, shownAfterMs } from './speed.ts';
import { hasNoBrowser, useBrowser } from './use-browser.ts';

const LIMIT_MS = 180_000;
const FIRST_PAGE_MS = 1_000;
const CLICK_MS = 100;
const ROUNDS = 5;
const docs = readFileSync(new URL('../../docs/console.md', import.meta.url), 'utf8');

describe.skipIf(hasNoBrowser)('a newcomer', () => {
  const system = useSystem();
  const browser = useBrowser();

  test('comes from what npm start prints to a delivered webhook through the console alone', {
    timeout: LIMIT_MS,
  }, async () => {
    const printed = (name: string) => new RegExp(`^ *${name} +(http\\S+)`, 'm').exec(system.output())?.[1] ?? '';
    const startedAt = performance.now();
    const steps: string[] = [];
    const click = async (target: Locator, what: string) => {
      steps.push(`click ${what}`);
      await target.click();
    };
    const type = async (target: Locator, text: string, what: string) => {
      steps.push(`type ${what}`);
      await target.fill(text);
    };
    steps.push('open the address');
    const { page, errors } = await browser.open(printed('Console'));
    await click(page.getByRole('link', { name: 'Add tenant' }), 'Add tenant');
    await type(page.getByLabel('Id'), 'acme', 'an id');
    await click(page.getByRole('button', { name: 'Add tenant' }), 'Add tenant');
    await click(page.getByRole('link', { name: 'Webhooks', exact: true }), 'Webhooks');
    await click(page.getByRole('link', { name: 'Add webhook' }), 'Add webhook');
    await type(page.getByLabel('URL', { exact: true }), `${printed('Receiver')}/acme`, 'the URL');
    await click(page.getByRole('button', { name: 'Add webhook' }), 'Add webhook');
    await click(page.getByRole('dialog').getByRole('button', { name: 'Go on' }), 'Go on');
    await click(page.getByRole('link', { name: 'Test', exact: true }), 'Test');
    await click(page.getByRole('button', { name: 'Send test event' }), 'Send test event');
    await page.getByText(/Your server answered 200/).waitFor();
    await click(page.getByRole('link', { name: 'Open the delivery' }), 'Open the delivery');
    await page.locator('.under-title').getByText('Delivered', { exact: true }).waitFor();
    expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS);
    expect((await system().received('/acme')).requests.at(-1)?.verified).toBe(true);
    expect(errors).toEqual([]);
    expect(docs, steps.join(', ')).toContain(`in ${steps.length} steps`);
  });

  test('has the first page within a second, and an answer to each click within a tenth of one', {
    timeout: 60_000,
  }, async () => {
    const { apiUrl, adminKey } = system().endpoints;
    const loads: number[] = [];
    const clicks = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      // Each page has an empty cache.
      const { page } = await browser.open(`${apiUrl}/console/tenants/acme/webhooks#key=${adminKey}`);
      loads.push(await shownAfterMs(page, 'tbody a'));
      const link = (name: string) => page.getByRole('link', { name, exact: true });
      const row = page.locator('tbody a').first();
      const pressed = {
        'a webhook': row,
        'a tab': link('Deliveries'),
        'a delivery': row,
        'a page of the menu': link('Events'),
        'another page of the menu': link('Webhooks'),
        'a webhook again': row,
        'a button': page.getByRole('button', { name: 'Pause' }),
      };
      for (const [what, target] of Object.entries(pressed))
        clicks.set(what, [...(clicks.get(what) ?? []), await answeredAfterMs(page, target)]);
    }
    expect(leastOf(loads)).toBeLessThan(FIRST_PAGE_MS);
    for (const [name, took] of clicks) expect(leastOf(took), name).toBeLessThan(CLICK_MS);
  });
});
