import { afterAll, describe, expect, test } from 'vitest';
import { useSystem } from '../e2e/use-system.ts';
import { freePort, startOidcServer } from './oidc-server.ts';
import { expectAccessible, hasNoBrowser, type OpenPage, useBrowser } from './use-browser.ts';

describe.skipIf(hasNoBrowser)('signing in through the company’s own provider', { timeout: 120_000 }, async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/console`;
  const { issuer, close } = await startOidcServer('posthorn-console', `${url}/signed-in`);
  afterAll(close);
  const signIn = { issuer, clientId: 'posthorn-console', adminValues: ['ops'], readValues: ['staff'] };
  const system = useSystem({ context: { console: JSON.stringify({ signIn }) }, args: ['--port', String(port)] });
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
    await page.getByRole('button', { name: 'Add tenant' }).click();
    await page.getByRole('heading', { name: 'by-a-person' }).waitFor();
    await page.getByRole('link', { name: 'Audit trail' }).click();
    await page.getByRole('row', { name: /usr_ops.*Put tenant/ }).waitFor();
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
});
