import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

/** Where systems keep a Chromium; CHROMIUM names another. CI has one, so there nothing is skipped. */
const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

describe.skipIf(executablePath === undefined)('in a browser', () => {
  const system = useSystem();
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  });
  afterAll(() => browser?.close());

  async function open(url: string): Promise<{ page: Page; errors: string[] }> {
    if (browser === undefined) throw new Error('there is no browser');
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      // No page here brings an icon.
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) errors.push(message.text());
    });
    await page.goto(url);
    return { page, errors };
  }

  test('the API’s documentation lists every operation, and its own policy lets it run', async () => {
    const { apiUrl } = system().endpoints;
    const { page, errors } = await open(`${apiUrl}/docs`);
    await page.waitForSelector('.opblock');
    const document: unknown = await (await fetch(`${apiUrl}/v1/openapi.json`)).json();
    const { paths } = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) }).parse(document);
    const operations = Object.values(paths).flatMap((path) => Object.keys(path));
    expect(await page.locator('.opblock').count()).toBe(operations.length);
    expect(errors).toEqual([]);
  });

  test('the receiver’s page shows what arrived, that its signature holds, and no markup of the payload', async () => {
    const { tenant, path } = scene('page');
    const { receiverUrl } = system().endpoints;
    await system().subscribe(tenant, path);
    await system().publish(tenant, { type: 'employee.created', data: { note: '<b id="injected">x</b>' } });
    await eventually(async () => expect((await system().received(path)).total).toBe(1));
    const { page, errors } = await open(`${receiverUrl}/`);
    await page.getByText('signature holds').first().waitFor();
    expect(await page.locator('#injected').count()).toBe(0);
    expect(await page.getByText('<b id=').count()).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  });
});
