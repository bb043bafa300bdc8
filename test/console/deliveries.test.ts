import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { expectAccessible, hasNoBrowser, useBrowser } from './use-browser.ts';

const Anything = z.unknown();

describe.skipIf(hasNoBrowser)('deliveries in the console', () => {
  const system = useSystem();
  const browser = useBrowser();
  const open = (path: string) =>
    browser.open(`${system().endpoints.apiUrl}/console${path}#key=${system().endpoints.adminKey}`);

  beforeAll(async () => {
    for (const name of ['employee.created', 'employee.left'])
      await system().call('POST', '/v1/event-types', { body: { name, example: { id: 1 } } });
  });

  test('stand in a list that says what is new and does not jump, and that is filtered by its address', async () => {
    const { tenant, path } = scene('list');
    await system().behave(path, [{ status: 410 }, { status: 200 }]);
    const { id } = await system().subscribe(tenant, path);
    const list = `/tenants/${tenant}/webhooks/${id}/deliveries`;
    const { page, errors } = await open(list);
    await page.getByText('Nothing has been sent yet').waitFor();
    await expectAccessible(page);
    await system().publish(tenant, { type: 'employee.left' });
    const rows = page.locator('tbody tr');
    await rows.first().waitFor();
    await page.getByText('410').waitFor();
    await system().ask(Anything, 'POST', `/v1/tenants/${tenant}/subscriptions/${id}/resume`);

    for (const type of ['employee.created', 'employee.created']) await system().publish(tenant, { type });
    const news = page.getByRole('button', { name: '2 new' });
    await news.waitFor();
    expect(await rows.count()).toBe(1);
    await expectAccessible(page);
    await news.click();
    await eventually(async () => expect(await rows.count()).toBe(3));
    expect(await news.count()).toBe(0);

    await page.getByLabel('Answer').selectOption('4xx');
    await eventually(async () => expect(await rows.count()).toBe(1));
    await page.getByRole('link', { name: 'employee.left' }).waitFor();
    expect(new URL(page.url()).search).toBe('?responseStatus=4xx');
    await page.getByLabel('Outcome').selectOption('Delivered');
    await page.getByText('No delivery fits').waitFor();
    await page.reload();
    await page.getByText('No delivery fits').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Show all' }).click();
    await eventually(async () => expect(await rows.count()).toBe(3));
    expect(errors).toEqual([]);
  });
});
