import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { scene } from '../e2e/use-system.ts';
import { portalOf } from './portal.ts';
import { expectAccessible, hasNoBrowser } from './use-browser.ts';
import { useConsole } from './use-console.ts';

describe.skipIf(hasNoBrowser)('the status of webhooks in the console', () => {
  const { system, browser, at, asCompany } = useConsole();

  test('a webhook that has expired says so instead of its status, and since when', async () => {
    const { tenant, path } = scene('expired');
    const subscribe = (name: string, expiresAt: string) => system().subscribe(tenant, path, { name, expiresAt });
    const past = await subscribe('Past', '2020-01-02T12:00:00Z');
    await system().call('POST', `/v1/tenants/${tenant}/subscriptions/${past.id}/pause`);
    const later = await subscribe('Later', '2099-01-02T12:00:00Z');
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks`);
    const badgeOf = (name: string) => page.getByRole('row', { name: new RegExp(name) }).locator('.badge');
    await badgeOf('Past').getByText('Expired', { exact: true }).waitFor();
    await badgeOf('Later').getByText('Active', { exact: true }).waitFor();
    await expectAccessible(page);

    const header = page.locator('.under-title');
    await page.getByRole('link', { name: 'Past' }).click();
    await header.getByText(/^Expired on 2 Jan 2020, \d\d:\d\d$/).waitFor();
    expect(await header.locator('.badge').textContent()).toBe('Expired');
    await expectAccessible(page);
    await page.getByRole('link', { name: 'All webhooks' }).click();
    await page.getByRole('link', { name: 'Later' }).click();
    await header.getByText(/^Expires on 2 Jan 2099, \d\d:\d\d$/).waitFor();
    expect(await header.locator('.badge').textContent()).toBe('Active');

    const inGerman = async (id: string) =>
      browser.open(await portalOf(system(), tenant, {}, `/tenants/${tenant}/webhooks/${id}/settings`), {
        locale: 'de-DE',
      });
    const [expired, active] = [await inGerman(past.id), await inGerman(later.id)];
    await expired.page.getByText(/^Abgelaufen am 2\. Jan\. 2020, \d\d:\d\d$/).waitFor();
    expect(await expired.page.locator('.under-title .badge').textContent()).toBe('Abgelaufen');
    await active.page.getByText(/^Läuft ab am 2\. Jan\. 2099, \d\d:\d\d$/).waitFor();
    expect([...errors, ...expired.errors, ...active.errors]).toEqual([]);
  });

  test('each webhook is found by the status that it shows, and by no other', async () => {
    const { tenant, path } = scene('found');
    const past = { expiresAt: '2020-01-02T12:00:00Z' };
    await system().subscribe(tenant, path, { name: 'Active one' });
    await system().subscribe(tenant, path, { name: 'Expired one', ...past });
    const paused = await system().subscribe(tenant, path, { name: 'Paused and expired', ...past });
    await system().call('POST', `/v1/tenants/${tenant}/subscriptions/${paused.id}/pause`);
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks`);
    const names = () => page.locator('tbody th a').allTextContents();
    for (const [status, expected] of [
      ['Active', ['Active one']],
      ['Expired', ['Expired one', 'Paused and expired']],
      ['Paused', []],
    ] as const) {
      await page.getByLabel('Status').selectOption(status);
      await eventually(async () => expect((await names()).toSorted()).toEqual(expected));
    }
    expect(errors).toEqual([]);
  });

  test('to a webhook that has expired nothing is offered to be sent, and its end can be set anew', async () => {
    const { tenant, path } = scene('over');
    const { id } = await system().subscribe(tenant, path, { name: 'Over', expiresAt: '2020-01-02T12:00:30.500Z' });
    const one = `/tenants/${tenant}/webhooks/${id}`;
    const { page, errors } = await asCompany(`${one}/test`);
    await page.getByText('This webhook has expired. Give it a later end in its settings first.').waitFor();
    expect(await page.getByRole('button', { name: 'Send test event' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await page.goto(at(`${one}/replay`));
    await page.getByText('This webhook has expired. Give it a later end in its settings first.').waitFor();

    // To the minute is all that the control shows. What is not touched keeps its seconds.
    await page.goto(at(`${one}/settings`));
    const end = page.getByLabel('Ends');
    expect(await end.inputValue()).toMatch(/^2020-01-02T\d\d:\d\d$/);
    await page.getByLabel('Name').first().fill('Over, still');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Saved.').waitFor();
    const Ends = z.object({ expiresAt: z.string().nullable() });
    const endOf = async () =>
      (await system().ask(Ends, 'GET', `/v1${one.replace('webhooks', 'subscriptions')}`)).expiresAt;
    expect(await endOf()).toBe('2020-01-02T12:00:30.500Z');

    // A date without its time is not "never".
    await end.fill('');
    await end.pressSequentially('02012099');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Choose a date and a time.').waitFor();
    expect(await endOf()).toBe('2020-01-02T12:00:30.500Z');
    await end.fill('2099-01-02T12:00');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Choose a date and a time.').waitFor({ state: 'detached' });
    await page.locator('.under-title').getByText('Active', { exact: true }).waitFor();
    expect(await endOf()).toBe(await page.evaluate(() => new Date('2099-01-02T12:00').toISOString()));
    await end.fill('');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.locator('.under-title time').waitFor({ state: 'detached' });
    expect(await endOf()).toBeNull();
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('an unverified webhook says why, and its receiver is asked again', async () => {
    const { tenant, path } = scene('unverified');
    const { call, subscribe, behave } = system();
    const document = await system().ask(z.looseObject({ document: z.looseObject({}) }), 'GET', '/v1/profiles/standard');
    const profile = { ...document.document, name: `${tenant}-handshake`, verification: 'cloudevents' };
    expect((await call('POST', '/v1/profiles', { body: profile })).status).toBe(201);
    const { id } = await subscribe(tenant, path, { name: 'Shy', profile: profile.name });
    const portal = await portalOf(system(), tenant, {}, `/tenants/${tenant}/webhooks/${id}/test`);
    const { page, errors } = await browser.open(portal);
    await page.getByText('The receiver has not confirmed yet that it wants events. Ask it again first.').waitFor();
    expect(await page.getByRole('button', { name: 'Send test event' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Verify' }).click();
    const dialog = page.getByRole('dialog', { name: 'Verify this webhook' });
    await dialog.getByText(/answered OPTIONS without WebHook-Allowed-Origin/).waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Ask again' }).click();
    await dialog.getByRole('status').getByText('It has not confirmed.').waitFor();
    await behave(path, [{ status: 200, headers: { 'webhook-allowed-origin': '*' } }]);
    await dialog.getByRole('button', { name: 'Ask again' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.under-title').getByText('Active', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Send test event' }).isDisabled()).toBe(false);
    expect(errors).toEqual([]);
  });
});
