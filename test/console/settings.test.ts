import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { startEmbeddingPage } from './embedding-page.ts';
import { freePort, startOidcServer } from './oidc-server.ts';
import { openTab, portalOf } from './portal.ts';
import { expectAccessible, hasNoBrowser, type OpenPage, repainted, useBrowser } from './use-browser.ts';

const Anything = z.unknown();
const Token = z.object({ id: z.string(), token: z.string() });
/** So long the API may work with a token that it has looked up. */
const TOKEN_KNOWN_SECONDS = 31;

const tabsOf = (page: Page) => page.getByRole('navigation', { name: 'Pages of this webhook' }).getByRole('link');

describe.skipIf(hasNoBrowser)('the console as a company sets it', { timeout: 120_000 }, async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/console`;
  const { issuer, close } = await startOidcServer('posthorn-console', `${url}/signed-in`);
  const [product, stranger] = await Promise.all([startEmbeddingPage(), startEmbeddingPage()]);
  afterAll(() => {
    close();
    product.close();
    stranger.close();
  });
  const signIn = { issuer, clientId: 'posthorn-console', adminValues: ['ops'], readValues: ['staff'] };
  const settings = { signIn, pages: ['add', 'deliveries', 'test'], frameAncestors: [product.origin] };
  const system = useSystem({ context: { console: JSON.stringify(settings) }, args: ['--port', String(port)] });
  const browser = useBrowser();

  async function signInAs(login: string, path = '/keys'): Promise<OpenPage> {
    const opened = await browser.open(url + path);
    const { page } = opened;
    await page.getByRole('button', { name: 'Sign in with your company account' }).click();
    await page.getByPlaceholder('Enter any login').fill(login);
    await page.getByPlaceholder('and password').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    return opened;
  }

  test('an admin comes back to the page that was opened, may change things, and stands in the audit trail', async () => {
    const { page, errors } = await signInAs('ops');
    await page.getByRole('link', { name: 'Make a key' }).waitFor();
    await page.getByText('No keys yet').waitFor();
    expect(page.url()).toBe(`${url}/keys`);
    await expectAccessible(page);
    await page.goto(`${url}/tenants/new`);
    await page.getByLabel('Id').fill('by-a-person');
    // The menu has pages of a tenant where there is one.
    expect(await page.getByRole('link', { name: 'Webhooks', exact: true }).count()).toBe(0);
    await page.getByLabel('Name').fill('Persons');
    await page.getByRole('button', { name: 'Add tenant' }).click();
    await page.getByRole('heading', { name: /Persons|by-a-person/ }).waitFor();
    await page.getByRole('link', { name: 'Audit trail' }).click();
    await page.getByRole('row', { name: /usr_ops.*Put tenant.*name set to Persons/ }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in with your company account' }).waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('a reader is offered nothing that changes anything, and the API refuses it', async () => {
    const { page } = await signInAs('staff');
    await page.getByRole('heading', { name: 'API keys' }).waitFor();
    await page.getByText('Read-only').waitFor();
    expect(await page.getByRole('link', { name: 'Make a key' }).count()).toBe(0);
    const token = String(await page.evaluate(() => Object.values({ ...sessionStorage })[0]));
    expect(await system().call('GET', '/v1/me', { token })).toMatchObject({
      body: { kind: 'person', id: 'usr_staff', role: 'read', tenantId: null },
    });
    expect(await system().call('PUT', '/v1/tenants/other', { token, body: {} })).toMatchObject({ status: 403 });
    const changed = token.replace(/\.[^.]+\./, `.${Buffer.from('{"sub":"ops"}').toString('base64url')}.`);
    expect(await system().call('GET', '/v1/me', { token: changed })).toMatchObject({ status: 401 });
  });

  test('who is in no group that means anything is not let in', async () => {
    const { page } = await signInAs('visitors');
    await page.getByText('The API does not know this key').waitFor();
    await expectAccessible(page);
  });

  test('the portal shows the pages that the company chooses, and the company sees all', async () => {
    const { tenant, path } = scene('pages');
    const { subscribe, publish, endpoints } = system();
    const { id } = await subscribe(tenant, path, { name: 'Payroll' });
    const eventId = await publish(tenant, {});
    const { page, errors } = await browser.open(await portalOf(system(), tenant));
    await page.getByRole('link', { name: 'Payroll' }).click();
    await tabsOf(page).first().waitFor();
    expect(await tabsOf(page).allTextContents()).toEqual(['Overview', 'Deliveries', 'Test']);
    expect(await page.getByRole('navigation').count()).toBe(1);
    await openTab(page, 'Deliveries');
    await page.getByRole('link', { name: 'thing.happened' }).waitFor();
    expect(await page.getByRole('link', { name: 'Send a range again' }).count()).toBe(0);
    await page.getByRole('link', { name: 'thing.happened' }).click();
    await page.locator('dl').getByText(eventId, { exact: true }).waitFor();
    expect(await page.getByRole('link', { name: eventId }).count()).toBe(0);
    await expectAccessible(page);
    const left = [
      ...['settings', 'security', 'replay'].map((tab) => `webhooks/${id}/${tab}`),
      ...['events', `events/${eventId}`, 'new-event'],
    ].map((below) => `${url}/tenants/${tenant}/${below}`);
    for (const address of left) {
      await page.goto(address);
      await page.getByRole('heading', { name: 'Page not found' }).waitFor();
    }
    // A slash at the end leads to the same page.
    const { page: company } = await browser.open(`${url}/#key=${endpoints.adminKey}`);
    await company.getByRole('heading', { name: 'Tenants' }).waitFor();
    for (const address of left) {
      await company.goto(address);
      await company.getByRole('heading', { level: 1 }).waitFor();
      expect(await company.getByRole('heading', { name: 'Page not found' }).count(), address).toBe(0);
    }
    await company.goto(`${url}/tenants/${tenant}/webhooks/${id}`);
    await tabsOf(company).first().waitFor();
    expect(await tabsOf(company).count()).toBe(5);
    expect(errors).toEqual([]);
  });

  test('in a frame its token ends, it is handed another by the page around it alone, and what was typed is still there', async () => {
    const { tenant, path } = scene('frame');
    const { ask, advance, endpoints } = system();
    const tokens = `/v1/tenants/${tenant}/portal-tokens`;
    const first = await ask(Token, 'POST', tokens, { body: {} });
    const { page, errors, hasAsked } = await browser.open(
      product.showing(`${url}#token=${first.token}`, stranger.origin),
    );
    const portal = page.frameLocator('iframe >> nth=0');
    await portal.getByRole('link', { name: 'Add webhook' }).click();
    await portal.getByLabel('Name').fill('Typed before the end');
    await portal.getByLabel('URL').fill(endpoints.receiverUrl + path);
    await hasAsked();
    await ask(Anything, 'DELETE', `${tokens}/${first.id}`);
    await advance(TOKEN_KNOWN_SECONDS);
    await portal.getByRole('button', { name: 'Add webhook' }).click();
    const ended = portal.getByRole('dialog', { name: 'Your access has ended' });
    await ended.waitFor();
    const asked = { isFramed: true, origin: new URL(url).origin, data: { type: 'posthorn.token-ended' } };
    await eventually(async () => expect(await page.evaluate('heard')).toEqual([asked]));

    // A frame beside it hands over a token that is good; of a stranger it is not taken.
    const second = await ask(Token, 'POST', tokens, { body: {} });
    const message = JSON.stringify({ type: 'posthorn.token', token: second.token });
    await page
      .frames()
      .find((frame) => frame.url().startsWith(stranger.origin))
      ?.evaluate(`parent.frames[0].postMessage(${message}, '*')`);
    await page.evaluate(`frames[0].postMessage({ type: 'something else', token: 'x' }, '*')`);
    await repainted(page);
    expect(await ended.isVisible()).toBe(true);
    expect(await portal.locator('body').evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain(
      second.token,
    );

    await page.evaluate(`frames[0].postMessage(${message}, '${new URL(url).origin}')`);
    await ended.waitFor({ state: 'detached' });
    expect(await portal.getByLabel('Name').inputValue()).toBe('Typed before the end');
    await portal.getByRole('button', { name: 'Add webhook' }).click();
    await portal.getByRole('button', { name: 'Go on' }).click();
    await portal.getByRole('heading', { name: 'Typed before the end' }).waitFor();
    expect(errors).toEqual([]);
  });

  test('a page that the company does not name may not show it in a frame', async () => {
    const { token } = await system().ask(Token, 'POST', '/v1/tenants/frames/portal-tokens', { body: {} });
    const { page, errors } = await browser.open(stranger.showing(`${url}#token=${token}`));
    await eventually(() => expect(errors.join()).toMatch(/frame-ancestors/));
    expect(await page.frameLocator('iframe').getByRole('link', { name: 'Add webhook' }).count()).toBe(0);
    const { page: allowed } = await browser.open(product.showing(`${url}#token=${token}`));
    await allowed.frameLocator('iframe').getByRole('link', { name: 'Add webhook' }).waitFor();
  });
});
