import { describe, expect, test } from 'vitest';
import { eventually } from '../e2e/eventually.ts';
import { scene } from '../e2e/use-system.ts';
import { expectAccessible, hasNoBrowser } from './use-browser.ts';
import { useConsole } from './use-console.ts';

describe.skipIf(hasNoBrowser)('the console, where clicks, keys and answers come otherwise than expected,', () => {
  const { system, at, asCompany } = useConsole();

  test('two clicks in the same moment add one webhook', async () => {
    const { tenant, path } = scene('twice');
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/new`);
    await page.getByLabel('URL', { exact: true }).fill(system().endpoints.receiverUrl + path);
    await page.getByRole('button', { name: 'Add webhook' }).evaluate((button: { click: () => void }) => {
      button.click();
      button.click();
    });
    await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('link', { name: 'All webhooks' }).click();
    await page.locator('tbody tr').first().waitFor();
    expect(await page.locator('tbody tr').count()).toBe(1);
    expect(errors).toEqual([]);
  });

  test('whoever works by keyboard goes on where a dialog left the page', async () => {
    const { tenant, path } = scene('keyboard');
    const { id } = await system().subscribe(tenant, path, { name: 'Keys only' });
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/${id}`);
    const focused = () => page.evaluate('document.activeElement?.textContent');
    const press = async (name: string) => {
      await page.getByRole('button', { name }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
    };
    await press('Pause');
    await page.keyboard.press('Escape');
    await eventually(async () => expect(await focused()).toBe('Pause'));
    // The button gives way to another one: the focus goes to the first link of the page, not to the browser's begin.
    for (const [name, then] of [
      ['Pause', 'Paused'],
      ['Resume', 'Active'],
    ] as const) {
      await press(name);
      await page.getByRole('dialog').getByRole('button', { name }).focus();
      await page.keyboard.press('Enter');
      await page.locator('.under-title').getByText(then, { exact: true }).waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await eventually(async () => expect(await focused()).toBe('← All webhooks'));
    }
    expect(errors).toEqual([]);
  });

  test('the focus stays in the page when the row that has it is deleted', async () => {
    for (const name of ['Stays', 'Goes']) await system().call('POST', '/v1/api-keys', { body: { name, role: 'read' } });
    const { page, errors } = await asCompany('/keys');
    await page.getByRole('button', { name: 'Revoke Goes' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /Goes/ }).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Stays/ }).waitFor();
    await eventually(async () =>
      expect(await page.evaluate(`document.activeElement.closest('#content') !== null`)).toBe(true),
    );
    expect(errors).toEqual([]);
  });

  test('what is wrong with an address is listed, and an end of time breaks no page', async () => {
    const { tenant, path } = scene('odd');
    const { id } = await system().subscribe(tenant, path);
    const list = `/tenants/${tenant}/webhooks/${id}/deliveries`;
    const { page, errors } = await asCompany(`${list}?from=never`, { timezoneId: 'Pacific/Kiritimati' });
    await page
      .getByRole('alert')
      .getByText(/from.*must be an RFC 3339 date/)
      .waitFor();
    await expectAccessible(page);
    await page.goto(at(`${list}?from=%2B275760-09-13T00:00:00Z`));
    await page
      .getByRole('alert')
      .getByText(/from.*must be an RFC 3339 date/)
      .waitFor();
    expect(errors).toEqual([]);
  });

  test.each([
    [403, 'text/html', '<html>Forbidden</html>', /^Something else than the API answered \(403\)/],
    [413, 'application/json', '{"message":"Request Entity Too Large"}', /^This is too large\. Shorten it/],
    [200, 'text/html', '<html>Log in to the WiFi</html>', /^Something else than the API answered \(200\)/],
    [503, 'application/json', '{"message":"Service Unavailable"}', /^The API is overloaded/],
    [429, 'application/json', '{"message":"Too Many Requests"}', /^The API is overloaded/],
  ])(
    'an answer that is not of the API says what to do, and takes nothing typed (%i)',
    async (status, contentType, body, said) => {
      const { tenant } = scene('between');
      const { page } = await asCompany(`/tenants/${tenant}/webhooks/new`);
      await page.getByLabel('URL', { exact: true }).fill('https://example.com/typed');
      await page.route('**/v1/tenants/*/subscriptions', (route) => route.fulfill({ status, contentType, body }));
      await page.getByRole('button', { name: 'Add webhook' }).click();
      await page.getByRole('alert').getByText(said).waitFor();
      expect(await page.getByLabel('URL', { exact: true }).inputValue()).toBe('https://example.com/typed');
    },
  );

  test('an answer that breaks off is told as a connection that did', async () => {
    const { tenant } = scene('broken');
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/new`);
    await page.getByLabel('URL', { exact: true }).fill('https://example.com/typed');
    await page.evaluate(`
      const whole = fetch;
      globalThis.fetch = async (url, init) => {
        if (init.method !== 'POST') return whole(url, init);
        return new Response(new ReadableStream({ start: (broken) => broken.error(new TypeError('network error')) }));
      };`);
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await page
      .getByRole('alert')
      .getByText(/^The API cannot be reached\./)
      .waitFor();
    expect(errors).toEqual([]);
  });

  test('a reload while the API does not answer goes on with the same key once it does', async () => {
    const { page } = await asCompany('/tenants');
    await page.getByRole('heading', { name: 'Tenants', exact: true }).waitFor();
    await page.route('**/v1/me', (route) => route.fulfill({ status: 503, body: '{}' }));
    await page.reload();
    await page
      .getByRole('alert')
      .getByText(/^The API is overloaded/)
      .waitFor();
    await page.unroute('**/v1/me');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Tenants', exact: true }).waitFor();
  });
});
