import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { eventually } from '../e2e/eventually.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { portalOf } from './portal.ts';
import { hasNoBrowser, repainted, useBrowser } from './use-browser.ts';

/** What can be pressed on a page, besides links to other pages. */
const CONTROLS = 'main button, main summary, main input, main select, main textarea';
/** Requests that change something, or would if they were allowed. */
const isChange = (method: string, url: string) => method !== 'GET' && new URL(url).pathname.startsWith('/v1/');

describe.skipIf(hasNoBrowser)('what a portal gives access to', () => {
  const system = useSystem();
  const browser = useBrowser();

  /** A tenant with a webhook that has received, failed and waits. */
  async function furnish(name: string) {
    const { tenant, path } = scene(name);
    const { subscribe, behave, publish, deliveryOf } = system();
    const webhook = await subscribe(tenant, path, { name: `Webhook of ${tenant}` });
    await behave(path, [{ status: 200 }, { status: 500 }]);
    const eventId = await publish(tenant, { type: 'thing.happened' });
    await eventually(async () => expect(await deliveryOf(tenant, eventId)).toMatchObject({ status: 'succeeded' }));
    const failing = await publish(tenant, { type: 'thing.failed' });
    await eventually(async () => expect((await deliveryOf(tenant, failing)).attempts).toHaveLength(1));
    const { id: deliveryId } = await deliveryOf(tenant, eventId);
    return { tenant, webhook, deliveryId, eventId };
  }

  /**
   * Presses each thing on pages, and on those that links lead to if `follows`. What would change something is noted, and kept
   * from the API.
   */
  async function crawl(page: Page, starts: readonly string[], follows: boolean) {
    const attempted = new Set<string>();
    await page.route('**/v1/**', (route) => {
      const request = route.request();
      if (!isChange(request.method(), request.url())) return route.fallback();
      attempted.add(`${request.method()} ${new URL(request.url()).pathname}`);
      return route.abort();
    });
    const seen = new Set<string>();
    const waiting = [...starts];
    let pressed = 0;
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
      if (seen.has(url)) continue;
      seen.add(url);
      await visit(page, url);
      const links: string[] = await page.$$eval('a[href^="/console"]', (all) => all.map((a) => Reflect.get(a, 'href')));
      if (follows) waiting.push(...links.map((link) => link.split('#')[0] ?? link));
      const count = await page.locator(CONTROLS).count();
      for (let at = 0; at < count; at += 1) {
        const control = page.locator(CONTROLS).nth(at);
        if (!(await control.isVisible()) || !(await control.isEnabled())) continue;
        pressed += 1;
        await press(page, control);
        await repainted(page);
        // What was asked for may bring more to press.
        await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
        // A dialog asks once more.
        const confirm = page.getByRole('dialog').getByRole('button').last();
        if ((await confirm.count()) > 0) await confirm.click({ timeout: 2_000 });
        const isChanged =
          (await page.getByRole('dialog').count()) > 0 ||
          new URL(page.url()).pathname !== new URL(url).pathname ||
          // What came or went has moved the controls that follow.
          (await page.locator(CONTROLS).count()) !== count;
        if (isChanged) await visit(page, url);
      }
    }
    return { attempted: [...attempted], pages: [...seen].map((url) => new URL(url).pathname), pressed };
  }

  async function visit(page: Page, url: string): Promise<void> {
    await page.goto(url);
    await page.getByRole('heading').first().waitFor();
    await page.locator('main .loading').first().waitFor({ state: 'detached' });
  }

  async function press(page: Page, control: ReturnType<Page['locator']>): Promise<void> {
    const [tag, type] = await control.evaluate((element) => [
      String(Reflect.get(element, 'tagName')),
      String(Reflect.get(element, 'type')),
    ]);
    if (tag === 'SELECT') return void (await control.selectOption({ index: 0 }).catch(() => {}));
    if (tag === 'BUTTON' || tag === 'SUMMARY' || type === 'checkbox' || type === 'radio')
      return control.click({ timeout: 2_000, force: true }).catch(() => {});
    // Enter sends the form that the field stands in.
    await control.press('Enter', { timeout: 2_000 }).catch(() => {});
    await page.waitForTimeout(50);
  }

  test('a read-only token finds nothing that changes anything, on any page that links lead to', {
    timeout: 240_000,
  }, async () => {
    const { tenant, webhook } = await furnish('readers');
    const { page, errors } = await browser.open(await portalOf(system(), tenant, { readOnly: true }));
    await page.getByRole('heading').first().waitFor();
    const found = await crawl(page, [page.url()], true);
    expect(found.attempted).toEqual([]);
    const tabs = ['', '/deliveries', '/settings', '/security', '/test'];
    for (const tab of tabs) expect(found.pages.some((one) => one.endsWith(tab))).toBe(true);
    expect(found.pages.length).toBeGreaterThan(tabs.length);
    expect(errors).toEqual([]);

    // The same walk over the webhook's own pages with a full token finds them: so it would have.
    const { page: full } = await browser.open(await portalOf(system(), tenant));
    await full.getByRole('heading').first().waitFor();
    const own = `${system().endpoints.apiUrl}/console/tenants/${tenant}/webhooks/${webhook.id}`;
    const { attempted } = await crawl(
      full,
      ['', '/settings', '/security', '/test'].map((tab) => own + tab),
      false,
    );
    const changes = attempted.join('\n');
    for (const one of [/\/pause$/m, /^DELETE/m, /\/test$/m, /\/rotate$/m, /^PATCH/m]) expect(changes).toMatch(one);
  });

  test('another tenant’s ids in the address show nothing of it', { timeout: 120_000 }, async () => {
    const [own, other] = [await furnish('ours'), await furnish('theirs')];
    const { page } = await browser.open(await portalOf(system(), own.tenant));
    await page
      .getByRole('link', { name: own.webhook.id })
      .or(page.getByText(`Webhook of ${own.tenant}`))
      .waitFor();
    const answers: { url: string; status: number; body: string }[] = [];
    page.on('response', async (response) => {
      if (!new URL(response.url()).pathname.startsWith('/v1/')) return;
      answers.push({ url: response.url(), status: response.status(), body: await response.text().catch(() => '') });
    });
    const below = (tenant: string, { webhook, deliveryId, eventId }: typeof other) => [
      ...['', '/deliveries', '/settings', '/security', '/test', '/replay'].map(
        (tab) => `/tenants/${tenant}/webhooks/${webhook.id}${tab}`,
      ),
      `/tenants/${tenant}/deliveries/${deliveryId}`,
      `/tenants/${tenant}/events/${eventId}`,
    ];
    const { apiUrl } = system().endpoints;
    const words = [`Webhook of ${other.tenant}`, other.webhook.url, String(other.webhook.secret)];
    for (const tenant of [own.tenant, other.tenant]) {
      for (const path of [...below(tenant, other), `/tenants/${other.tenant}/webhooks`, '/tenants', '/system']) {
        await page.goto(`${apiUrl}/console${path}`);
        await page.waitForLoadState('networkidle');
        const text = await page.locator('body').textContent();
        for (const word of words) expect(text, path).not.toContain(word);
      }
    }
    const leaks = answers.filter(({ body }) => [...words, other.eventId].some((word) => body.includes(word)));
    expect(leaks).toEqual([]);
    // The control: one's own ids show what they name.
    await page.goto(`${apiUrl}/console${below(own.tenant, own)[0]}`);
    await page.getByRole('heading', { name: `Webhook of ${own.tenant}` }).waitFor();
    await eventually(() => expect(answers.some(({ body }) => body.includes(own.webhook.url))).toBe(true));
  });
});
