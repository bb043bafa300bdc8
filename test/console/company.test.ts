import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { createSqsClient } from '../../testing/queues.ts';
import { eventually } from '../e2e/eventually.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { expectAccessible, hasNoBrowser, useBrowser } from './use-browser.ts';

describe.skipIf(hasNoBrowser)('the company’s pages', () => {
  const system = useSystem();
  const browser = useBrowser();
  const open = (path: string) => {
    const { apiUrl, adminKey } = system().endpoints;
    return browser.open(`${apiUrl}/console${path}#key=${adminKey}`);
  };

  test('the system says how it is doing, puts dead letters back, and cancels a job', async () => {
    const { tenant, path } = scene('system');
    await system().subscribe(tenant, path);
    const { page, errors } = await open('/system');
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
    await page.getByRole('button', { name: 'Cancel: Erasure' }).click();
    await expectAccessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('Cancelled').waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('a tenant is added, set up, given a portal link, deleted and erased', async () => {
    const { tenant } = scene('tenant');
    const name = `Wayne ${tenant}`;
    const { page, errors } = await open('/tenants');
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
    await page.getByRole('row', { name: /Erasure of a tenant’s data/ }).waitFor();
    // A pass, a minute's wait, and a pass that finds nothing.
    await eventually(async () => {
      await system().advance(61);
      await page.getByRole('row', { name: /Done/ }).waitFor({ timeout: 2_500 });
    });
    expect(errors).toEqual([]);
  });

  test('event types are loaded, added, searched, changed and archived', async () => {
    const { page, errors } = await open('/event-types');
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
    await page.getByLabel('Example').fill('{"id": 7}');
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
    await page.getByLabel('Reject events').check();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await system().call('GET', '/v1/event-types/invoice.paid')).toMatchObject({
      body: { group: 'Invoices', schema: { required: ['id'] }, validate: true, example: { id: 7 }, archived: false },
    });
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Archive' }).click();
    await dialog.getByRole('button', { name: 'Archive' }).click();
    await page.getByRole('button', { name: 'Bring back' }).waitFor();

    await page.getByRole('link', { name: 'All event types' }).click();
    await page.getByLabel('Search by name, description or group').fill('customer paid');
    await page.getByText('No event type fits').waitFor();
    await page.getByLabel('Show archived ones, too').check();
    await page.getByRole('link', { name: 'invoice.paid' }).waitFor();
    expect(new URL(page.url()).search).toBe('?search=customer+paid&archived=true');
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
