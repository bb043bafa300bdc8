import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { attempted } from '../e2e/scheduled.ts';
import { scene } from '../e2e/use-system.ts';
import { expectAccessible, hasNoBrowser, repainted } from './use-browser.ts';
import { useConsole } from './use-console.ts';

const Anything = z.unknown();

describe.skipIf(hasNoBrowser)('deliveries in the console', () => {
  const { system, asCompany } = useConsole();

  beforeAll(async () => {
    for (const name of ['employee.created', 'employee.left'])
      await system().call('POST', '/v1/event-types', { body: { name, example: { id: 1 } } });
  });

  test('stand in a list that says what is new and does not jump, and that is filtered by its address', async () => {
    const { tenant, path } = scene('list');
    await system().behave(path, [{ status: 410 }, { status: 200 }]);
    const { id } = await system().subscribe(tenant, path);
    const list = `/tenants/${tenant}/webhooks/${id}/deliveries`;
    const { page, errors } = await asCompany(list);
    await page.getByText('Nothing has been sent yet').waitFor();
    await expectAccessible(page);
    await system().publish(tenant, { type: 'employee.left' });
    const rows = page.locator('tbody tr');
    await rows.first().waitFor();
    await page.getByRole('cell', { name: '410' }).waitFor();
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

    const until = page.getByLabel('To', { exact: true });
    await until.fill('2020-01-01T00:00');
    await page.getByText('No delivery fits').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await eventually(async () => expect(await rows.count()).toBe(3));
    expect(await until.inputValue()).toBe('');
    await page.goBack();
    await page.getByText('No delivery fits').waitFor();
    expect(await until.inputValue()).toBe('2020-01-01T00:00');
    expect(errors).toEqual([]);
  });

  test('one shows each attempt with what was sent and answered, is sent again and cancelled', async () => {
    const { tenant, path } = scene('one');
    await system().behave(path, [{ status: 500, body: '<b>locked</b>' }]);
    const { id } = await system().subscribe(tenant, path);
    await system().publish(tenant, { type: 'employee.left', data: { name: "O'Neill" } });
    // The first retry comes after seconds, the next one after minutes.
    const arrived = (count: number) =>
      eventually(async () => expect((await system().received(path)).total).toBe(count));
    await arrived(1);
    await system().advance(10);
    await arrived(2);
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/${id}/deliveries`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('link', { name: 'employee.left' }).click();
    await page.getByText('Being retried').waitFor();
    const last = page.locator('.timeline > li').nth(1);
    await last.getByText('Answered 500').first().waitFor();
    await last.getByText('The receiver answered with status 500.').waitFor();
    expect(await last.getByText('<b>locked</b>').count()).toBe(1);
    await last.getByText('webhook-signature').waitFor();
    await last.getByText('The signature that was sent belongs to this very body.').waitFor();
    await page.getByText(/^Next attempt: /).waitFor();
    await expectAccessible(page);

    const sent = (await system().received(path)).requests.at(-1);
    await last.getByRole('button', { name: 'Copy as curl' }).click();
    const command: string = await page.evaluate('navigator.clipboard.readText()');
    const given = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${command}`])
      .toString()
      .split('\n');
    expect(given).toEqual(
      expect.arrayContaining([
        `${system().endpoints.receiverUrl}${path}`,
        `webhook-signature: ${sent?.headers['webhook-signature']}`,
        sent?.body,
      ]),
    );

    await system().behave(path, [{ status: 200 }]);
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('It is sent again now.').waitFor();
    await page.locator('summary', { hasText: 'Attempt 3' }).getByText('Answered 200').waitFor();
    await page.getByText('Delivered', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Cancel delivery' }).count()).toBe(0);

    await system().behave(path, [{ status: 503 }]);
    await system().publish(tenant, { type: 'employee.created' });
    await page.getByRole('link', { name: 'Deliveries of this webhook' }).click();
    // The list is as it was left.
    await page.getByRole('button', { name: '1 new' }).click();
    await page.getByRole('link', { name: 'employee.created' }).click();
    await page.getByText('Being retried').waitFor();
    await page.getByRole('button', { name: 'Cancel delivery' }).click();
    await expectAccessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel delivery' }).click();
    await page.getByText('It was cancelled by request.').waitFor();
    expect(errors).toEqual([]);
  });

  test('a range is sent again of what the list was filtered by, the answer as well', async () => {
    const { tenant, path } = scene('answers');
    await system().behave(path, [{ status: 410 }]);
    const { id } = await system().subscribe(tenant, path);
    const list = `/tenants/${tenant}/webhooks/${id}/deliveries`;
    const { page, errors } = await asCompany(list);
    for (const status of [410, 200]) {
      await system().behave(path, [{ status }]);
      await system().ask(Anything, 'POST', `/v1/tenants/${tenant}/subscriptions/${id}/resume`);
      const eventId = await system().publish(tenant, { type: 'employee.left' });
      await attempted(system(), tenant, eventId, 1);
    }
    await page.goto(`${system().endpoints.apiUrl}/console${list}?responseStatus=4xx`);
    await page.getByRole('cell', { name: '410' }).waitFor();
    await page.getByRole('link', { name: 'Send a range again' }).click();
    const answer = page.getByLabel('Answer');
    expect(await answer.inputValue()).toBe('4xx');
    await page.getByLabel('All that are not on their way').check();
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('1 deliveries would be sent.').waitFor();
    await page.reload();
    expect(await answer.inputValue()).toBe('4xx');
    await page.getByRole('button', { name: 'Send 1' }).waitFor();
    await answer.selectOption('All');
    await page.getByText('What is asked for has changed').waitFor();
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('2 deliveries would be sent.').waitFor();
    // A date without its time is not "until now".
    const to = page.getByLabel('To', { exact: true });
    await to.pressSequentially('02012020');
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('Choose a date and a time.').waitFor();
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('a selection and a range are sent again, after they were counted, and the range can be stopped', async () => {
    const { tenant, path } = scene('replay');
    const { id } = await system().subscribe(tenant, path);
    const events = Array.from({ length: 11 }, () => ({ type: 'employee.created', data: {} }));
    await system().ask(Anything, 'POST', `/v1/tenants/${tenant}/events`, { body: { events } });
    const total = async () => (await system().received(path)).total;
    await eventually(async () => expect(await total()).toBe(11));
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/${id}/deliveries`);
    for (const row of [1, 2]) await page.getByRole('checkbox').nth(row).check();
    await page.getByRole('button', { name: 'Send 2 again' }).click();
    await eventually(async () => expect(await total()).toBe(13));
    await page.getByRole('button', { name: 'Send 2 again' }).waitFor({ state: 'detached' });

    await page.getByRole('link', { name: 'Send a range again' }).click();
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('Nothing in this range fits.').waitFor();
    await page.getByLabel('All that are not on their way').check();
    await page.getByText('What is asked for has changed').waitFor();
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByText('11 deliveries would be sent.').waitFor();
    await expectAccessible(page);
    await page.reload();
    await page.getByRole('button', { name: 'Send 11' }).click();
    await page.getByText('11 of 11').waitFor();
    await page.getByText('Done', { exact: true }).first().waitFor();
    await expectAccessible(page);
    await eventually(async () => expect(await total()).toBe(24));

    await page.goBack();
    await page.getByLabel('Requests a second, at most').fill('1');
    await page.getByRole('button', { name: 'Count' }).click();
    await page.getByRole('button', { name: 'Send 11' }).click();
    await page.getByText('10 of 11').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    expect(errors).toEqual([]);
  });

  test('nothing but what was counted is sent again, also after a reload and after a count that failed', async () => {
    const { tenant, path } = scene('counted');
    const { id } = await system().subscribe(tenant, path);
    await system().publish(tenant, { type: 'employee.created' });
    const { page } = await asCompany(`/tenants/${tenant}/webhooks/${id}/replay?status=all`);
    const [count, send] = [page.getByRole('button', { name: 'Count' }), page.getByRole('button', { name: 'Send 1' })];
    const types = page.getByLabel('Event types');
    await eventually(async () => {
      await count.click();
      await send.waitFor({ timeout: 1_000 });
    });
    await page.reload();
    await send.waitFor();
    await types.fill('employee.left');
    await page.getByText('What is asked for has changed').waitFor();
    expect(await send.count()).toBe(0);

    await page.route('**/replays', (route) => route.abort());
    await count.click();
    await page.getByText('The API cannot be reached.').waitFor();
    expect(await send.count()).toBe(0);
    await types.fill('');
    await send.waitFor();

    await page.route('**/jobs/*', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), status: 'cancelled' } });
    });
    await page.reload();
    await page.getByText('Cancelled').waitFor();
    expect(await send.count()).toBe(0);
  });

  test('a range is sent again once, also by two clicks', async () => {
    const { tenant, path } = scene('twice');
    const { id } = await system().subscribe(tenant, path);
    await system().publish(tenant, { type: 'employee.created' });
    const { page } = await asCompany(`/tenants/${tenant}/webhooks/${id}/replay?status=all`);
    const send = page.getByRole('button', { name: 'Send 1' });
    await eventually(async () => {
      await page.getByRole('button', { name: 'Count' }).click();
      await send.waitFor({ timeout: 1_000 });
    });
    const asked: (() => Promise<void>)[] = [];
    await page.route('**/replays', (route) => void asked.push(() => route.continue()));
    await send.click();
    await repainted(page);
    // The browser tests' own click would wait for a button that takes none.
    await send.click({ force: true });
    await repainted(page);
    await eventually(async () => expect(asked).toHaveLength(1));
    await asked[0]?.();
    await page.getByText('1 of 1').waitFor();
    expect(asked).toHaveLength(1);
  });
});
