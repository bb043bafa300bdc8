import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { useSystem } from '../e2e/use-system.ts';
import { hasNoBrowser, useBrowser } from './use-browser.ts';

const LIMIT_MS = 180_000;
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
});
