import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { createSqsClient } from '../../testing/queues.ts';
import { eventually } from '../e2e/eventually.ts';
import { scene } from '../e2e/use-system.ts';
import { expectAccessible, hasNoBrowser } from './use-browser.ts';
import { useConsole } from './use-console.ts';

describe.skipIf(hasNoBrowser)('the company’s pages', { timeout: 120_000 }, () => {
  const { system, browser, asCompany } = useConsole();

  test('the system says how it is doing, puts dead letters back, and cancels a job', async () => {
    const { tenant, path } = scene('system');
    await system().subscribe(tenant, path);
    const { page, errors } = await asCompany('/system');
    await page.getByText('All is well').waitFor();
    await expectAccessible(page);

    await die('Events', JSON.stringify({ tenantId: tenant, type: 'thing.happened', data: 1 }));
    await page.reload();
    await page.getByText('One message could not be processed.').waitFor();
    await page.getByText('The message').click();
    await page.getByText('"type": "thing.happened"').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Put back: Events' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Put back' }).click();
    await page.getByText('One message was put back.').waitFor();
    await page.getByText('All is well').waitFor();
    await eventually(async () => expect((await system().received(path)).total).toBe(1));

    await system().call('POST', `/v1/tenants/${tenant}/erasure`);
    await page.reload();
    await page.getByRole('button', { name: 'Cancel: Erase' }).click();
    await expectAccessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('Cancelled').waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('a job that only counts is told from one that does something', async () => {
    await system().call('POST', '/v1/republications', { body: { from: new Date(0).toISOString(), dryRun: true } });
    await system().call('POST', '/v1/republications', { body: { from: new Date(0).toISOString() } });
    const { page } = await asCompany('/system');
    await page.getByRole('link', { name: 'Publish rejected events again', exact: true }).waitFor();
    await page.getByRole('link', { name: 'Count: Publish rejected events again', exact: true }).click();
    await page.getByRole('heading', { name: 'Count: Publish rejected events again' }).waitFor();
  });

  test('a tenant is added, set up, given a portal link, deleted and erased', async () => {
    const { tenant } = scene('tenant');
    const name = `Wayne ${tenant}`;
    const { page, errors } = await asCompany('/tenants');
    await page.getByRole('link', { name: 'Add tenant' }).click();
    await page.getByRole('button', { name: 'Add tenant' }).click();
    await page.getByText('An id has 1 to 64 letters').waitFor();
    await page.getByLabel('Id').fill(tenant);
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Requests a second').fill('5000');
    await page.getByRole('button', { name: 'Add tenant' }).click();
    await page.getByText('must be at most 1000').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Requests a second').fill('50');
    await page.getByRole('button', { name: 'Add tenant' }).click();

    await page.getByRole('heading', { name }).waitFor();
    await page.getByLabel('Default profile').selectOption('bindbee');
    await page.getByRole('button', { name: 'Save settings' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await system().call('GET', `/v1/tenants/${tenant}`)).toMatchObject({
      body: { name, defaultProfile: 'bindbee', defaultMaxPerSecond: 50 },
    });

    await page.getByLabel('Sees them only').check();
    await page.getByLabel('Counts for').selectOption('1 day');
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = await page.locator('figure', { hasText: 'Portal link' }).locator('pre').textContent();
    await expectAccessible(page);
    const portal = await browser.open(String(link));
    await portal.page.getByText('No webhooks yet').waitFor();
    await portal.page.getByText('Read-only').waitFor();
    await page.getByRole('button', { name: /^Revoke/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Links that still count').waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Tenants' }).click();
    await page.getByLabel('Search by id or name').fill(name.toUpperCase());
    await page.getByRole('row', { name: new RegExp(name) }).waitFor();
    await page.getByLabel('Search by id or name').fill('nowhere');
    await page.getByRole('link', { name: 'Open “nowhere”' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Add tenant' }).click();
    await page.getByLabel('Id').fill(tenant);
    await page.getByRole('button', { name: 'Add tenant' }).click();
    await page.getByRole('link', { name: 'Open it' }).click();

    await page.getByRole('button', { name: 'Delete tenant' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Delete tenant' }).click();
    await dialog.getByText('This is not its id.').waitFor();
    await expectAccessible(page);
    await dialog.getByLabel(`Type ${tenant} to go on`).fill(tenant);
    await dialog.getByRole('button', { name: 'Delete tenant' }).click();
    await page.getByText('There is no such tenant').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Add it now' }).click();
    await page.getByRole('button', { name: 'Erase all data' }).click();
    await dialog.getByLabel(`Type ${tenant} to go on`).fill(tenant);
    await dialog.getByRole('button', { name: 'Erase all data' }).click();
    await page.getByRole('row', { name: /Erase a tenant’s data/ }).waitFor();
    // A pass, a minute's wait, and a pass that finds nothing.
    await eventually(async () => {
      await system().advance(61);
      await page.getByRole('row', { name: /Done/ }).waitFor({ timeout: 2_500 });
    });
    expect(errors).toEqual([]);
  });

  test('portal links stand in pages, so that each can be revoked', async () => {
    const { tenant } = scene('links');
    await system().call('PUT', `/v1/tenants/${tenant}`, { body: {} });
    for (let made = 0; made < 101; made += 1)
      await system().call('POST', `/v1/tenants/${tenant}/portal-tokens`, { body: {} });
    const { page } = await asCompany(`/tenants/${tenant}/settings`);
    const shown = new Set<string>();
    const older = page.getByRole('link', { name: 'Older' });
    const links = page.locator('tbody th');
    for (;;) {
      await eventually(async () => expect(shown).not.toContain(await links.first().textContent()));
      for (const link of await links.allTextContents()) shown.add(link);
      if ((await older.count()) === 0) break;
      await older.click();
    }
    expect(shown.size).toBe(101);
  });

  test('event types are loaded, added, searched, changed and archived', async () => {
    const { page, errors } = await asCompany('/event-types');
    await page.getByRole('button', { name: 'Load a pack' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/Bindbee/).check();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Load' }).click();
    await page.getByText(/Loaded: \d+ added/).waitFor();
    await expectAccessible(page);

    await page.getByRole('link', { name: 'Add event type' }).click();
    await page.getByLabel('Name').fill('invoice.paid');
    await page.getByLabel('Description').fill('A customer paid.');
    await page.getByLabel('Group').fill('Invoices');
    await page.getByLabel('JSON Schema').fill('{"type": "object",\n "required": ["id",]}');
    await page.getByLabel('Example').fill('{"id": 12345678901234567890}');
    await page.getByRole('button', { name: 'Add event type' }).click();
    await page.getByText('This is not JSON').waitFor();
    expect(await page.locator('.json-lines .wrong').textContent()).toBe('2');
    await expectAccessible(page);
    await page.getByLabel('JSON Schema').fill('{"type": "nothing"}');
    await page.getByRole('button', { name: 'Add event type' }).click();
    await page.getByText('is not a JSON Schema that can be used').waitFor();
    await page.getByLabel('JSON Schema').fill('{"type": "object", "required": ["id"]}');
    await page.getByRole('button', { name: 'Add event type' }).click();

    await page.getByRole('heading', { name: 'invoice.paid' }).waitFor();
    // Its name ends as a file's does.
    await page.reload();
    await page.getByLabel('Reject events').check();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await page.getByLabel('Example').inputValue()).toBe('{\n  "id": 12345678901234567890\n}');
    await page.getByLabel('Example').fill('{"id": 98765432109876543210}');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await eventually(async () =>
      expect(await system().call('GET', '/v1/event-types/invoice.paid')).toMatchObject({
        text: expect.stringContaining('"example":{"id":98765432109876543210}'),
        body: { group: 'Invoices', schema: { required: ['id'] }, validate: true, archived: false },
      }),
    );
    await expectAccessible(page);
    await page.getByLabel('Description').fill('A customer paid in full.');
    await page.getByRole('button', { name: 'Archive' }).click();
    await dialog.getByRole('button', { name: 'Archive' }).click();
    await page.getByRole('button', { name: 'Bring back' }).waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await eventually(async () =>
      expect(await system().call('GET', '/v1/event-types/invoice.paid')).toMatchObject({
        body: { description: 'A customer paid in full.', archived: true },
      }),
    );

    await page.getByRole('link', { name: 'All event types' }).click();
    await page.getByLabel('Search by name, description or group').fill('customer paid');
    await page.getByText('No event type fits').waitFor();
    await page.getByLabel('Show archived ones, too').check();
    await page.getByRole('link', { name: 'invoice.paid' }).waitFor();
    expect(new URL(page.url()).search).toBe('?search=customer+paid&archived=true');
    expect(errors).toEqual([]);
  });

  test('a key is made, shown once, used, revoked, and all of it is on record', async () => {
    const { tenant } = scene('keys');
    const { page, errors } = await asCompany('/keys');
    await page.getByRole('link', { name: 'Make a key' }).click();
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByLabel('Name').and(page.locator('[aria-invalid="true"]')).waitFor();
    await page.getByLabel('Name').fill(`Reader of ${tenant}`);
    await page.getByLabel('Reads all but secrets').check();
    await page.getByLabel('Tenant').fill(tenant);
    await page.getByLabel('Counts until').selectOption('30 days from now');
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Make a key' }).click();
    const dialog = page.getByRole('dialog', { name: 'Your key is made' });
    const key = String(await dialog.locator('pre').textContent());
    await expectAccessible(page);
    expect(await system().call('GET', '/v1/me', { token: key })).toMatchObject({
      body: { role: 'read', tenantId: tenant, name: `Reader of ${tenant}` },
    });
    await dialog.getByRole('button', { name: 'Go on' }).click();
    const row = page.getByRole('row', { name: new RegExp(`Reader of ${tenant}`) });
    await row.waitFor();
    expect(await page.getByText(key).count()).toBe(0);
    await expectAccessible(page);
    await row.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    // Until then it hides the row.
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    // What has been looked up is remembered for 30 seconds.
    await system().advance(31);
    expect(await system().call('GET', '/v1/me', { token: key })).toMatchObject({ status: 401 });

    await page.getByRole('link', { name: 'Audit trail' }).click();
    await page
      .getByRole('row', { name: /Delete api key/ })
      .first()
      .waitFor();
    await page.getByLabel('Tenant').fill(tenant);
    // The head, the making and the revoking.
    await eventually(async () => expect(await page.getByRole('row').count()).toBe(3));
    await page.getByRole('row', { name: /Create api key.*name set to .*role set to/ }).waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('a profile is copied, written with its request beside it, saved, and deleted', async () => {
    const name = scene('profile').tenant;
    const { page, errors } = await asCompany('/profiles');
    await page.getByRole('link', { name: 'keypay' }).click();
    await page.getByText('POST https://example.com/hooks').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Copy into a new one' }).click();
    const editor = page.getByRole('textbox', { name: 'Document' });
    const document = JSON.parse(await editor.inputValue());
    const write = (changes: object) => editor.fill(JSON.stringify({ ...document, name, ...changes }, null, 2));
    await write({ headers: { 'x-company': 'Acme' } });
    await page.getByText('x-company: Acme').waitFor();
    await expectAccessible(page);

    await write({ headers: { 'x-company': '{{nothing}}' } });
    await page.getByText(/Line \d+, \/headers\/x-company/).waitFor();
    await write({ retry: { gapsSeconds: [-1] } });
    await page.getByText('One thing is wrong').waitFor();
    await page.getByText(/Line \d+, \/retry\/gapsSeconds\/0/).waitFor();
    const wrong = (await editor.inputValue()).split('\n').findIndex((line) => line.trim() === '-1') + 1;
    expect(await page.locator('.json-lines .wrong').allTextContents()).toContain(String(wrong));
    await expectAccessible(page);
    await editor.fill('{');
    await page.getByText('This is not JSON').waitFor();

    await write({ headers: { 'x-company': 'Acme' } });
    await page.getByRole('button', { name: 'Add profile' }).click();
    await page.getByRole('heading', { name }).waitFor();
    await write({ headers: { 'x-company': 'Globex' } });
    await page.getByRole('button', { name: 'Save as a new version' }).click();
    await page.getByText('Saved as version 2.').waitFor();
    expect(await system().call('GET', `/v1/profiles/${name}`)).toMatchObject({
      body: { version: 2, document: { headers: { 'x-company': 'Globex' } } },
    });
    // While a tenant uses it, it stays, and the dialog says so; asked once more, it begins without that failure.
    const user = `user-of-${name}`;
    await system().call('PUT', `/v1/tenants/${user}`, { body: { defaultProfile: name } });
    const remove = page.getByRole('button', { name: 'Delete' });
    const dialog = page.getByRole('dialog');
    await remove.click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText(user).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await remove.click();
    await dialog.getByRole('button', { name: 'Delete' }).waitFor();
    expect(await dialog.getByText(user).count()).toBe(0);
    await system().call('PUT', `/v1/tenants/${user}`, { body: {} });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Profiles' }).waitFor();
    await page.getByRole('link', { name }).waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
  });

  /** Puts a message where SQS puts those that were received too often. */
  async function die(queue: 'Events', body: string): Promise<void> {
    const { queueSizes, endpoints } = system();
    const name = Object.keys(await queueSizes()).find((one) => one.includes(`${queue}DeadLetters`));
    const sqs = createSqsClient(endpoints.sqsEndpoint);
    const QueueUrl = `${endpoints.sqsEndpoint}/000000000000/${name}`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    sqs.destroy();
  }
});
