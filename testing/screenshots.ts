import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import * as z from 'zod';
import { callApi } from './call-api.ts';
import { ensureChromium } from './chromium.ts';
import { newStateFolder, removeStateFolder, startRunner } from './runner-process.ts';

/*
 * npm run screenshots: pictures of the console's pages for the docs, of a system that this starts and fills.
 */

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
const TENANT = 'acme';
const DESK: BrowserContextOptions = { viewport: { width: 1120, height: 720 }, colorScheme: 'light' };
const Id = z.object({ id: z.string() });
const Events = z.object({ data: z.array(Id) });
const Deliveries = z.object({ data: z.array(Id) });
const Token = z.object({ token: z.string() });

const state = newStateFolder();
const executablePath = ensureChromium();
if (executablePath === undefined) throw new Error('There is no Chromium. Install one, or name it in CHROMIUM.');

const { endpoints, stop } = await startRunner({ state });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  mkdirSync(FOLDER, { recursive: true });
  const { webhook, delivery, event } = await fill();
  const { token } = await ask(Token, 'POST', `/v1/tenants/${TENANT}/portal-tokens`, {});
  const [company, portal] = [`#key=${endpoints.adminKey}`, `#token=${token}`];
  const of = `/tenants/${TENANT}`;
  await take('tenants', `/tenants${company}`);
  await take('system', `/system${company}`);
  await take('webhooks', `${of}/webhooks${portal}`);
  await take('new-webhook', `${of}/webhooks/new${portal}`);
  await take('webhook', `${of}/webhooks/${webhook}${portal}`);
  await take('webhook-dark', `${of}/webhooks/${webhook}${portal}`, { ...DESK, colorScheme: 'dark' });
  await take('deliveries', `${of}/webhooks/${webhook}/deliveries${portal}`);
  await take('delivery', `${of}/deliveries/${delivery}${portal}`);
  await take('event', `${of}/events/${event}${portal}`);
  await take('settings', `${of}/webhooks/${webhook}/settings${portal}`);
  await take('security', `${of}/webhooks/${webhook}/security?code=python${portal}`);
  await take('test', `${of}/webhooks/${webhook}/test${portal}`, DESK, async (page) => {
    await page.getByRole('button', { name: 'Send test event' }).click();
    await page.getByText(/Your server answered/).waitFor();
  });
  await take('event-types', `/event-types${company}`);
  await take('portal-access', `${of}/settings${company}`, DESK, async (page) => {
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByRole('link', { name: 'Open' }).scrollIntoViewIfNeeded();
  });
  await take('replay', `${of}/webhooks/${webhook}/replay?status=all${portal}`, DESK, async (page) => {
    await page.getByLabel('Requests a second, at most').fill('2');
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByRole('button', { name: /^Send \d+$/ }).click();
    await page.getByText(/^[1-9]\d+ of/).waitFor();
  });
  await take('phone', `${of}/webhooks${portal}`, { ...DESK, viewport: { width: 390, height: 720 } });
} finally {
  await browser.close();
  await stop();
  removeStateFolder(state);
}

/** Webhooks of all fortunes, with a day's events. */
async function fill() {
  const { receiverUrl, clockUrl } = endpoints;
  await ask(z.unknown(), 'POST', '/v1/event-type-packs/peopleforce/load');
  const subscribe = async (name: string, path: string, extra: object = {}) => {
    const body = { name, url: receiverUrl + path, eventTypes: ['*'], ...extra };
    return (await ask(Id, 'POST', `/v1/tenants/${TENANT}/subscriptions`, body)).id;
  };
  const behave = (path: string, body: object) =>
    fetch(`${receiverUrl}/_behaviours${path}`, { method: 'PUT', body: JSON.stringify(body) });
  const webhook = await subscribe('Payroll sync', '/payroll', { eventTypes: ['employee_create', 'employee_update'] });
  const paused = await subscribe('Data warehouse', '/warehouse');
  await subscribe('Staging', '/staging', { environment: 'development' });
  await subscribe('Old intranet', '/intranet', { eventTypes: ['employee_create'] });
  await ask(z.unknown(), 'POST', `/v1/tenants/${TENANT}/subscriptions/${paused}/pause`);
  await behave('/payroll', { responses: [{ status: 200, body: '{"ok":true}' }] });
  await behave('/intranet', { responses: [{ status: 503, body: 'Down for maintenance' }] });
  let event = '';
  for (let hour = 0; hour < 9; hour += 1) {
    const events = Array.from({ length: 3 + ((hour * 5) % 7) }, (_, at) => ({
      type: at % 3 === 0 ? 'employee_create' : 'employee_update',
      data: { id: 130_333 + at, attributes: { first_name: 'Ada', last_name: 'Lovelace', hired_on: '2026-09-01' } },
    }));
    const { data } = await ask(Events, 'POST', `/v1/tenants/${TENANT}/events`, { events });
    event = data[0]?.id ?? event;
    await new Promise((done) => setTimeout(done, 1_500));
    await fetch(clockUrl, { method: 'POST', body: JSON.stringify({ advanceSeconds: 3_000 }) });
  }
  await new Promise((done) => setTimeout(done, 5_000));
  const failed = await ask(Deliveries, 'GET', `/v1/tenants/${TENANT}/events/${event}/deliveries`);
  const newest = await ask(Deliveries, 'GET', `/v1/tenants/${TENANT}/subscriptions/${webhook}/deliveries`);
  const delivery = newest.data[0]?.id ?? failed.data[0]?.id ?? '';
  return { webhook, delivery, event };
}

/** @param prepare what is done in the page before */
async function take(
  name: string,
  path: string,
  options = DESK,
  prepare?: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.goto(`${endpoints.apiUrl}/console${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  await prepare?.(page);
  await page.screenshot({ path: `${FOLDER}${name}.png` });
  await context.close();
}

async function ask<T extends z.ZodType>(schema: T, method: string, path: string, body?: object): Promise<z.output<T>> {
  return schema.parse(await callApi(endpoints, method, path, body));
}
