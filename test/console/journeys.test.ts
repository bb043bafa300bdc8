import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { ReceivedRequest } from '../e2e/client.ts';
import { eventually } from '../e2e/eventually.ts';
import { scene, useSystem } from '../e2e/use-system.ts';
import { signatureHeaders } from '../e2e/vendors/system-under-test.ts';
import { openTab, portalOf } from './portal.ts';
import { expectAccessible, hasNoBrowser, useBrowser } from './use-browser.ts';

interface Journey {
  profile: string;
  /** What the vendor calls a name, and what its customer gives. */
  name: string;
  events: string[];
  environment?: 'Production' | 'Development';
  /** Brought by the customer. */
  secret?: string;
  /** Whose key signs. */
  signs: 'webhook' | 'tenant' | 'none';
  /** How its receiver breaks so that the vendor sends again. */
  broken: { status: number };
  /** It tries again within seconds, then never: answers of its receiver's are final. */
  isWithinSeconds?: boolean;
  /** What the vendor's page promises of the body. */
  isAsPromised: (body: string, type: string, data: unknown) => void;
  /** What its test sends. */
  test: RegExp;
}

const parse = (body: string): unknown => JSON.parse(body);

const JOURNEYS: Journey[] = [
  {
    profile: 'standard',
    name: 'Payroll sync',
    events: ['employee.created', 'employee.left'],
    signs: 'webhook',
    broken: { status: 500 },
    isAsPromised: (body, type, data) => expect(parse(body)).toMatchObject({ type, data }),
    test: /This is a test event/,
  },
  {
    // "Destination URL", "Test URL", "Webhook Name", Production or Development, check boxes, "Create webhook".
    profile: 'bindbee',
    name: 'Employee data',
    events: ['connector_sync_started', 'connector_synced', 'employee_data_changed'],
    environment: 'Production',
    signs: 'tenant',
    // 4xx and 5xx are completed; what cannot be followed is sent again.
    broken: { status: 302 },
    isWithinSeconds: true,
    isAsPromised: (body, type, data) =>
      expect(parse(body)).toMatchObject({ webhook: { event: type }, ...Object(data) }),
    test: /This is a test of your destination URL/,
  },
  {
    // "A description for the web hook", "A URL that should be called", "The events", active immediately, "Test Web Hook".
    profile: 'keypay',
    name: 'New starters',
    events: ['EmployeeCreated'],
    signs: 'webhook',
    broken: { status: 500 },
    isAsPromised: (body, type, data) =>
      expect(parse(body)).toMatchObject({ Attempt: 1, Notifications: [{ Action: type, ...Object(data) }] }),
    test: /Test Message from Application/,
  },
  {
    // A URL and its event; "data is always sent as an array of one item"; events, payloads and response codes can be viewed.
    profile: 'staffology',
    name: 'Starters',
    events: ['Employee_Created'],
    signs: 'none',
    broken: { status: 500 },
    isAsPromised: (body, _, data) => expect(parse(body)).toEqual([data]),
    test: /personalDetails/,
  },
  {
    // Name, Payload URL, Secret (optional), Topics (several).
    profile: 'peopleforce',
    name: 'New people',
    events: ['employee_create', 'employee_update'],
    secret: 'a string of our own',
    signs: 'webhook',
    broken: { status: 500 },
    isAsPromised: (body, action, data) => expect(parse(body)).toEqual({ action, data }),
    test: /"action":"employee_create"/,
  },
];

describe.skipIf(hasNoBrowser)('a customer’s journey', () => {
  const system = useSystem();
  const browser = useBrowser();

  test.for(JOURNEYS)('$profile: from adding a webhook to deleting it', { timeout: 180_000 }, async (journey) => {
    const { profile, name, events, signs, broken, isWithinSeconds = false } = journey;
    const { ask, endpoints, behave, received, publish, advance } = system();
    const { tenant, path } = scene(profile);
    const [type = ''] = events;
    const example = await offer(profile, events);
    await ask(z.unknown(), 'PUT', `/v1/tenants/${tenant}`, { body: { defaultProfile: profile } });
    const { page, errors } = await browser.open(await portalOf(system(), tenant));
    const arrived = (count: number): Promise<ReceivedRequest> =>
      eventually(async () => {
        const { total, requests } = await received(path);
        expect(total).toBe(count);
        return requests.at(-1) as ReceivedRequest;
      });

    // Add it, with a test of the URL.
    await page.getByRole('link', { name: 'Add webhook' }).click();
    await page.getByLabel('Name').first().fill(name);
    await page.getByLabel('URL', { exact: true }).fill(endpoints.receiverUrl + path);
    await page.getByRole('button', { name: 'Test URL' }).click();
    await page.getByText(/Your server answered 200 after \d+ ms/).waitFor();
    await arrived(1);
    await chooseEvents(page, journey);
    if (journey.environment) await page.getByLabel('Environment').selectOption(journey.environment);
    if (journey.secret) await page.getByLabel('Secret').fill(journey.secret);
    await page.getByRole('button', { name: 'Add webhook' }).click();
    if (signs === 'webhook') await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('heading', { name }).waitFor();
    await page.getByText('Active', { exact: true }).waitFor();

    // Test it, receive, and see it.
    await openTab(page, 'Test');
    await page.getByRole('button', { name: 'Send test event' }).click();
    await page.getByText(/Your server answered 200 after \d+ ms/).waitFor();
    if (profile === 'standard') await expectAccessible(page);
    expect((await arrived(2)).body).toMatch(journey.test);
    await publish(tenant, { type, data: example });
    journey.isAsPromised((await arrived(3)).body, type, example);
    await openTab(page, 'Deliveries');
    await page.getByRole('link', { name: type }).first().click();
    await page.locator('.under-title').getByText('Delivered', { exact: true }).waitFor();
    await page.getByText('Answered 200').first().waitFor();

    // Break the receiver, watch the retry, mend it.
    const newest = page.locator('tbody tr').first();
    const openNewest = async (status: RegExp) => {
      await page.getByRole('link', { name: 'Deliveries of this webhook' }).click();
      await eventually(async () => {
        await page.reload();
        await newest.getByText(status).waitFor({ timeout: 2_000 });
      });
      await newest.getByRole('link').first().click();
    };
    const delivered = page.locator('.under-title').getByText('Delivered', { exact: true });
    await behave(path, [broken, broken], isWithinSeconds ? { status: 200 } : broken);
    await publish(tenant, { type, data: example });
    await openNewest(/Being retried|Delivered/);
    await page.getByText(`Answered ${broken.status}`).first().waitFor();
    if (!isWithinSeconds) {
      await behave(path, [{ status: 200 }]);
      await advance(400);
    }
    await delivered.waitFor();
    await page.locator('.timeline').getByText('Answered 200').first().waitFor();
    if (isWithinSeconds) {
      await behave(path, [{ status: 500 }]);
      await publish(tenant, { type, data: example });
      await openNewest(/Failed/);
      await page.getByText('This kind of failure is not repeated').waitFor();
      await behave(path, [{ status: 200 }]);
    }

    // Send again.
    const { total: sent } = await received(path);
    await page.getByRole('button', { name: 'Send again' }).click();
    const again = await arrived(sent + 1);
    await delivered.waitFor();
    await page.goto(page.url().replace(/\/deliveries\/.*$/, '/webhooks'));
    await page.getByRole('link', { name }).click();

    // Check what was received by the code on the page, rotate, check again.
    await openTab(page, 'Security');
    if (signs === 'none') {
      await page.getByText('Not signed', { exact: true }).waitFor();
      expect(signatureHeaders(again)).toEqual([]);
    } else {
      const old = await shownSecret(page);
      if (journey.secret) expect(old).toBe(journey.secret);
      expect(await isGenuine(page, old, again)).toBe(true);
      const action = signs === 'tenant' ? 'Regenerate' : 'Rotate';
      await page.getByRole('button', { name: action }).click();
      if (profile === 'standard') await expectAccessible(page);
      await page.getByRole('dialog').getByRole('button', { name: action }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      const fresh = await shownSecret(page);
      expect(fresh).not.toBe(old);
      const overlaps = profile === 'standard';
      const overlap = page.getByText(/The secret before it still signs, until/);
      if (overlaps) {
        await overlap.waitFor();
        await expectAccessible(page);
        // It is seen without the secret, too.
        await page.reload();
        await overlap.waitFor();
        expect(await page.getByText(fresh).count()).toBe(0);
      } else expect(await overlap.count()).toBe(0);
      await publish(tenant, { type, data: example });
      const signed = await arrived(sent + 2);
      expect(await isGenuine(page, fresh, signed)).toBe(true);
      expect(await isGenuine(page, fresh, { ...signed, body: `${signed.body} ` })).toBe(false);
      expect(await isGenuine(page, old, signed)).toBe(overlaps);
    }

    // Pause, resume with what waited, delete.
    const { total: still } = await received(path);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    const eventId = await publish(tenant, { type, data: example });
    await eventually(async () =>
      expect(await system().deliveryOf(tenant, eventId)).toMatchObject({ status: 'parked' }),
    );
    expect((await received(path)).total).toBe(still);
    await openTab(page, 'Deliveries');
    await page.locator('tbody tr').first().getByText('Waits for the webhook').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await arrived(still + 1);
    await page.getByText('Active', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No webhooks yet').waitFor();
    const late = await publish(tenant, { type, data: example });
    await eventually(async () =>
      expect((await system().call('GET', `/v1/tenants/${tenant}/events/${late}`)).status).toBe(200),
    );
    expect(await system().deliveriesOf(tenant, late)).toEqual([]);
    expect(errors).toEqual([]);
  });

  /** The company's side: its event types are there. Gives the first one's example. */
  async function offer(profile: string, events: string[]): Promise<unknown> {
    const { call, ask } = system();
    if (profile === 'standard')
      for (const name of events) await call('POST', '/v1/event-types', { body: { name, example: { id: 1 } } });
    else await ask(z.unknown(), 'POST', `/v1/event-type-packs/${profile}/load`);
    return ask(z.json(), 'GET', `/v1/event-types/${events[0]}/example`);
  }
});

async function chooseEvents(page: Page, { profile, events }: Journey): Promise<void> {
  const choice = (role: 'radio' | 'checkbox', name: string) =>
    page.getByRole(role, { name: new RegExp(`^${name}\\b`) });
  if (profile === 'staffology') return choice('radio', events[0] ?? '').check();
  await page.getByLabel('Only the events that I choose').check();
  for (const name of events) {
    await page.getByLabel('Search events').fill(name);
    await choice('checkbox', name).check();
  }
}

/** The secret, or key, after it was asked for. */
async function shownSecret(page: Page): Promise<string> {
  const show = page.getByRole('button', { name: 'Show', exact: true });
  const hide = page.getByRole('button', { name: 'Hide', exact: true });
  await show.or(hide).waitFor();
  if (await show.isVisible()) await show.click();
  await hide.waitFor();
  return String(await page.locator('.panel').first().locator('pre').first().textContent());
}

/** What the code that the page shows for Node says of a request, with the time that was when it arrived. */
async function isGenuine(page: Page, secret: string, { headers, body, receivedAt }: ReceivedRequest): Promise<boolean> {
  const code = await page.locator('.panel').last().locator('pre').textContent();
  vi.stubEnv('WEBHOOK_SECRET', secret);
  vi.useFakeTimers({ toFake: ['Date'], now: receivedAt });
  try {
    // Another address each time, or the module keeps its first secret.
    const address = `data:text/javascript,${encodeURIComponent(`${code}\n// ${secret}`)}`;
    const { isGenuine: verify } = await import(/* @vite-ignore */ address);
    return verify(headers, Buffer.from(body));
  } finally {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  }
}
