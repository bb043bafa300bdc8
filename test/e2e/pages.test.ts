import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { hasNoBrowser, useBrowser } from '../console/use-browser.ts';
import { eventually } from './eventually.ts';
import { scene, useSystem } from './use-system.ts';

describe.skipIf(hasNoBrowser)('in a browser', () => {
  const system = useSystem();
  const { open } = useBrowser();

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
