import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { scene } from '../e2e/use-system.ts';
import { portalOf } from './portal.ts';
import { expectAccessible, hasNoBrowser, repainted } from './use-browser.ts';
import { useConsole } from './use-console.ts';

const Token = z.object({ token: z.string() });

describe.skipIf(hasNoBrowser)('the console', () => {
  const { system, browser, at, asCompany } = useConsole();

  test('opens with the key in the fragment, which then is nowhere but in the tab', async () => {
    const { page, errors } = await asCompany('');
    await page.getByRole('heading', { name: 'Tenants', exact: true }).waitFor();
    expect(page.url()).toBe(at('/tenants'));
    const kept = await page.evaluate(() => ({ local: { ...localStorage }, session: { ...sessionStorage } }));
    expect(Object.values(kept.session)).toEqual([system().endpoints.adminKey]);
    expect(Object.values(kept.local)).not.toContain(system().endpoints.adminKey);
    await page.reload();
    await page.getByRole('heading', { name: 'Tenants', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key or token').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    expect(errors).toEqual([]);
  });

  test('asks for a key, and says what is wrong with one', async () => {
    const { page } = await browser.open(at('/tenants'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Paste a key first.').waitFor();
    await page.getByLabel('Key or token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The API does not know this key.').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Key or token').fill(system().endpoints.adminKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Tenants', exact: true }).waitFor();
  });

  test('a webhook is tested, added, receives, stands in the list, is changed, paused, resumed and deleted', async () => {
    const { tenant, path } = scene('journey');
    const { receiverUrl } = system().endpoints;
    await system().call('POST', '/v1/event-types', {
      body: { name: 'employee.created', description: 'Someone was hired.', group: 'Employees', example: { id: 1 } },
    });
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks`);
    await page.getByText('No webhooks yet').waitFor();
    await expectAccessible(page);

    await page.getByRole('link', { name: 'Add webhook' }).click();
    await page.getByLabel('Name').first().fill('Payroll sync');
    await page.getByLabel('URL', { exact: true }).fill(receiverUrl + path);
    await page.getByRole('button', { name: 'Test URL' }).click();
    await page.getByText(/Your server answered 200 after \d+ ms/).waitFor();
    await page.getByLabel('Only the events that I choose').check();
    await page.getByLabel('Search events').fill('hired');
    await page.getByLabel('employee.created').check();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Add webhook' }).click();

    const dialog = page.getByRole('dialog', { name: 'Your webhook is there' });
    expect(await dialog.locator('pre').textContent()).toMatch(/^whsec_/);
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('heading', { name: 'Payroll sync' }).waitFor();
    await expectAccessible(page);

    await system().publish(tenant, { type: 'employee.created', data: { id: 7 } });
    // The first request was the test's.
    await eventually(async () => expect((await system().received(path)).total).toBe(2));
    expect((await system().received(path)).requests.at(-1)?.verified).toBe(true);
    // The minute's counters are added up after it.
    await system().advance(180);
    await page.getByRole('link', { name: 'All webhooks' }).click();
    const row = page.getByRole('row', { name: /Payroll sync/ });
    await row.getByText('Active').waitFor();
    await eventually(async () => {
      await page.reload();
      await row.getByRole('img', { name: 'Last 24 hours: 1 delivered, 0 failed' }).waitFor({ timeout: 1_000 });
    });
    await expectAccessible(page);

    await row.getByRole('link').click();
    await page.getByText('Deliveries by outcome').waitFor();
    await expectAccessible(page);
    await page.locator('.tabs').getByRole('link', { name: 'Settings' }).click();
    await page.getByLabel('Name').first().fill('Payroll');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Saved.').waitFor();
    await page.getByRole('heading', { name: 'Payroll', exact: true }).waitFor();
    await expectAccessible(page);

    await page.getByLabel('Name').first().fill('Payroll, paused');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused').waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('heading', { name: 'Payroll, paused', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByLabel('Discard them').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Active').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No webhooks yet').waitFor();
    expect(errors).toEqual([]);
  });

  test('what is wrong is said beside the field, and nothing typed is lost', async () => {
    const { tenant } = scene('mistakes');
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/new`);
    await page.getByLabel('Name').first().fill('Typed with care');
    await page.getByLabel('URL', { exact: true }).fill('ftp://example.com');
    await page.getByLabel('Only the events that I choose').check();
    await page.getByText('More settings').click();
    await page.getByLabel('Filter').fill('{');
    await page.getByLabel('Requests a second').fill('many');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await page.getByText('This is not JSON.').waitFor();
    await page.getByText('This is not a number.').waitFor();
    // More than a number can hold: in JSON it would be null, which means no limit.
    await page.getByLabel('Requests a second').fill('1e999');
    await page.getByLabel('Filter').fill('');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    await page.getByText('This is not a number.').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Filter').fill('');
    await page.getByLabel('Requests a second').fill('5');
    await page.getByRole('button', { name: 'Add webhook' }).click();
    const events = page.getByRole('group', { name: 'Events' }).first();
    await events.getByText('must name at least one event type').waitFor();
    await page.getByLabel('All events').check();
    await page.getByRole('button', { name: 'Add webhook' }).click();
    const url = page.getByLabel('URL', { exact: true });
    await eventually(async () => expect(await url.getAttribute('aria-invalid')).toBe('true'));
    const described = String(await url.getAttribute('aria-describedby'))
      .split(' ')
      .at(-1);
    expect(await page.locator(`[id="${described}"]`).textContent()).toMatch(/http/);
    expect(await page.getByLabel('Name').first().inputValue()).toBe('Typed with care');
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('a webhook is not added with a profile that is guessed, because the tenant’s could not be read', async () => {
    const { tenant } = scene('unread');
    await system().call('PUT', `/v1/tenants/${tenant}`, { body: { defaultProfile: 'keypay' } });
    const { page } = await asCompany(`/tenants/${tenant}/webhooks`);
    await page.route(`**/v1/tenants/${tenant}`, (route) => route.abort());
    await page.getByRole('link', { name: 'Add webhook' }).click();
    await page.getByText('The API cannot be reached.').waitFor();
    expect(await page.getByLabel('Format').count()).toBe(0);
    await page.unroute(`**/v1/tenants/${tenant}`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByLabel('Format').waitFor();
    expect(await page.getByLabel('Format').inputValue()).toBe('keypay');
  });

  test('what someone else saved is not overwritten', async () => {
    const { tenant, path } = scene('two-tabs');
    const { id } = await system().subscribe(tenant, path, { name: 'First' });
    const { page } = await asCompany(`/tenants/${tenant}/webhooks/${id}/settings`);
    await page.getByLabel('Name').first().fill('Mine');
    await system().call('PATCH', `/v1/tenants/${tenant}/subscriptions/${id}`, { body: { name: 'Theirs' } });
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('Someone else has changed this webhook').waitFor();
    expect(await system().call('GET', `/v1/tenants/${tenant}/subscriptions/${id}`)).toMatchObject({
      body: { name: 'Theirs' },
    });
    // Also when the page has read what they saved.
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('heading', { name: 'Theirs' }).waitFor();
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByRole('button', { name: 'Save changes', disabled: false }).waitFor();
    await page.getByText('Someone else has changed this webhook').waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Theirs' }).waitFor();
  });

  test('a webhook that was deleted elsewhere, or of which nothing more is known, says so, and keeps what was typed', async () => {
    const { tenant, path } = scene('gone');
    const { id } = await system().subscribe(tenant, path, { name: 'Short-lived' });
    const { page } = await asCompany(`/tenants/${tenant}/webhooks/${id}/settings`);
    await page.getByLabel('Name').first().fill('Typed before the end');
    await page.clock.install();
    await page.route(`**/subscriptions/${id}`, (route) => route.abort());
    await eventually(async () => {
      await page.clock.runFor(16_000);
      await page.getByText('The API cannot be reached.').waitFor({ timeout: 500 });
    });
    await page.unroute(`**/subscriptions/${id}`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The API cannot be reached.').waitFor({ state: 'detached' });
    await system().call('DELETE', `/v1/tenants/${tenant}/subscriptions/${id}`);
    await eventually(async () => {
      await page.clock.runFor(16_000);
      await page.getByText('There is no such subscription').waitFor({ timeout: 500 });
    });
    expect(await page.getByLabel('Name').first().inputValue()).toBe('Typed before the end');
  });

  test('a filter is tried on an example, and what it then lets through is what it said', async () => {
    const { tenant, path } = scene('tried');
    const { call, ask, publish, received, endpoints } = system();
    const example = '{"country":"FR","id":9007199254740993}';
    await call('POST', '/v1/event-types', { rawBody: `{"name":"tried.hired","example":${example}}` });
    await call('POST', '/v1/event-types', { body: { name: 'tried.left', example: { reason: 'moved' } } });
    await call('POST', '/v1/event-types', { body: { name: 'tried.asked', example: {} } });
    const portal = await portalOf(system(), tenant, {}, `/tenants/${tenant}/webhooks/new`);
    const { page, errors } = await browser.open(portal);
    await page.getByLabel('URL', { exact: true }).fill(endpoints.receiverUrl + path);
    await page.getByLabel('Only the events that I choose').check();
    for (const name of ['tried.hired', 'tried.left']) await page.getByRole('checkbox', { name }).check();
    await page.getByText('More settings').click();
    await page.getByLabel('Filter').fill('{"data": {"country": ["DE"]}}');
    const trial = page.getByRole('group', { name: 'Try the filter' });
    const [type, data] = [trial.getByLabel('Type of the event'), trial.getByLabel('Data of the event')];
    expect(await type.inputValue()).toBe('tried.hired');
    expect(await data.inputValue()).toBe('{\n  "country": "FR",\n  "id": 9007199254740993\n}');

    const [request] = await Promise.all([
      page.waitForRequest(/\/test-filter$/),
      trial.getByRole('button', { name: 'Try it' }).click(),
    ]);
    expect(request.postData()).toContain('9007199254740993');
    const answer = trial.getByRole('status');
    await answer
      .getByText('This event would not be delivered: data.country is "FR", but the filter wants "DE"')
      .waitFor();
    await expectAccessible(page);

    // An answer is gone once the question is another. The keyboard is enough.
    const own = '{"country": "DE", "n": 1.0}';
    await data.fill(own);
    expect(await answer.textContent()).toBe('');
    await data.press('Tab');
    await page.keyboard.press('Enter');
    await answer.getByText('This event would be delivered.').waitFor();
    await expectAccessible(page);

    // Another type brings its example, and takes nothing away, not even one that comes before it.
    await page.getByRole('checkbox', { name: 'tried.asked' }).check();
    expect(await data.inputValue()).toBe(own);
    await type.selectOption('tried.left');
    expect(await data.inputValue()).toBe('{\n  "reason": "moved"\n}');
    await type.selectOption('tried.hired');
    expect(await data.inputValue()).toBe(own);

    await page.getByRole('button', { name: 'Add webhook' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('link', { name: 'All webhooks' }).waitFor();
    const Saved = z.object({ data: z.array(z.object({ filter: z.unknown() })) });
    expect((await ask(Saved, 'GET', `/v1/tenants/${tenant}/subscriptions`)).data).toEqual([
      { filter: { data: { country: ['DE'] } } },
    ]);
    await publish(tenant, { type: 'tried.hired', data: JSON.parse(example) });
    await publish(tenant, { type: 'tried.hired', data: JSON.parse(own) });
    await eventually(async () => expect((await received(path)).total).toBe(1));
    expect((await received(path)).requests[0]?.body).toContain('"DE"');
    expect(errors).toEqual([]);
  });

  test('what is wrong with a filter that is tried, or with its example, is said beside it', async () => {
    const { tenant } = scene('tried');
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/new`);
    // Nothing is known of the events of this name.
    await page.getByLabel('Only the events that I choose').check();
    await page.getByText('More settings').click();
    const filter = page.getByLabel('Filter');
    const trial = page.getByRole('group', { name: 'Try the filter' });
    const data = trial.getByLabel('Data of the event');
    const run = () => trial.getByRole('button', { name: 'Try it' }).click();
    const mistakeOf = async (field: typeof data) => {
      const ids = String(await field.getAttribute('aria-describedby')).split(' ');
      return (await field.getAttribute('aria-invalid')) && page.locator(`[id="${ids.at(-1)}"]`).textContent();
    };

    await filter.fill('{');
    await data.fill('{\n  "country": }');
    await run();
    expect(await mistakeOf(filter)).toBe('This is not JSON.');
    expect(await mistakeOf(data)).toBe('This is not JSON: look at line 2.');
    await expectAccessible(page);
    await filter.fill('{"data": {"country": "DE"}, "type": ["unknown.one"]}');
    await data.fill('{"country": "DE"}');
    await run();
    await eventually(async () => expect(await mistakeOf(filter)).toBe('must be a list: write ["DE"]'));
    expect(await mistakeOf(data)).toBeNull();
    await filter.fill('{"data": {"country": ["DE"]}, "type": ["unknown.one"]}');
    expect(await mistakeOf(filter)).toBeNull();

    // Of a type that has no name yet, the reader says it.
    const type = trial.getByLabel('Type of the event');
    await type.fill('not a type');
    await run();
    await eventually(async () => expect(await mistakeOf(type)).toMatch(/must be words/));
    await type.fill('unknown.one');
    await run();
    await trial.getByText('This event would be delivered.').waitFor();

    // What was typed stays when a type is chosen that has no example, and when the filter is emptied.
    await page.getByLabel('Another name or pattern').fill('unknown.two');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    expect(await type.inputValue()).toBe('unknown.two');
    await run();
    await trial.getByText(/^This event would not be delivered: type is "unknown.two"/).waitFor();
    await filter.fill('');
    await run();
    await trial.getByText('This event would be delivered.').waitFor();
    expect(await data.inputValue()).toBe('{"country": "DE"}');
    expect(errors).toEqual([]);
  });

  test('a filter is tried in the language of the reader, on a phone, too', async () => {
    const { tenant, path } = scene('tried');
    const { id } = await system().subscribe(tenant, path, { filter: { data: { country: ['DE'] } } });
    await system().call('POST', '/v1/event-types', { body: { name: 'tried.late' } });
    const phone = { viewport: { width: 390, height: 800 }, locale: 'de-DE' };
    const portal = await portalOf(system(), tenant, {}, `/tenants/${tenant}/webhooks/${id}/settings`);
    const { page, errors } = await browser.open(portal, phone);
    // Event types that come late must not make another question of what is asked by then.
    await page.route('**/v1/event-types*', async (route) => {
      await sleep(1_500);
      await route.continue();
    });
    const known = page.waitForResponse('**/v1/event-types*');
    await page.reload();
    await page.getByLabel('Daten des Ereignisses').fill(JSON.stringify({ country: 'X'.repeat(500) }));
    await page.getByRole('button', { name: 'Ausprobieren' }).click();
    await (await known).finished();
    await repainted(page);
    await page
      .getByText(
        /^Dieses Ereignis würde nicht zugestellt: data.country ist "X+"…, und der Filter verlangt etwas anderes\.$/,
      )
      .waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('an archived event type that a webhook still receives is said to be archived', async () => {
    const { tenant, path } = scene('archived');
    const [old, current] = [`${tenant}.old`, `${tenant}.current`];
    for (const name of [old, current]) await system().call('POST', '/v1/event-types', { body: { name } });
    const { id } = await system().subscribe(tenant, path, { eventTypes: [old, current] });
    await system().call('POST', `/v1/event-types/${old}/archive`);
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/${id}/settings`);
    const choice = (name: string) => page.locator('label.choice', { hasText: name });
    await choice(old).getByText('Archived', { exact: true }).waitFor();
    expect(await choice(current).getByText('Archived', { exact: true }).count()).toBe(0);
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test.each([
    ['on a phone', 360],
    ['at 400 %', 320],
  ])('the longest names do not push the page sideways (%s)', async (_, width) => {
    const { path } = scene('long');
    const tenant = `t${width}`.padEnd(64, 't');
    const [name, type, id] = ['W'.repeat(100), `long.${'x'.repeat(90)}`, 'e'.repeat(64)];
    await system().call('PUT', `/v1/tenants/${tenant}`, { body: { name } });
    await system().call('POST', '/v1/event-types', { body: { name: type } });
    const made = await system().subscribe(tenant, path, { name });
    await system().publish(tenant, { type, id });
    await eventually(async () => expect((await system().received(path)).total).toBe(1));
    const of = `/tenants/${tenant}`;
    const { page, errors } = await asCompany('/tenants', { viewport: { width, height: 640 } });
    for (const [one, shown] of [
      ['/tenants', name],
      [`${of}/settings`, name],
      [`${of}/webhooks`, name],
      [`${of}/webhooks/${made.id}`, name],
      [`${of}/webhooks/${made.id}/deliveries`, type],
      [`${of}/events`, type],
      [`${of}/events/${id}`, type],
      [`/event-types/${type}/settings`, type],
    ] as const) {
      await page.goto(at(one));
      await page.locator('main :is(h1, td, a)', { hasText: shown }).first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), one).toBe(width);
      await expectAccessible(page);
    }
    expect(errors).toEqual([]);
  });

  test('a webhook that signs by a key pair shows its public key and the code that takes it', async () => {
    const { tenant, path } = scene('public');
    const made = await system().subscribe(tenant, path, { signatureVersions: ['v1a'] });
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks/${made.id}/security?code=python`);
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.locator('pre').getByText(String(made.publicKey)).waitFor();
    await page.getByText(/no secret\. Set the environment variable WEBHOOK_PUBLIC_KEY/).waitFor();
    const code = page.locator('.panel').last().locator('pre');
    expect(await code.textContent()).toContain("PUBLIC_KEY = os.environ['WEBHOOK_PUBLIC_KEY']");
    // Its library has no Ed25519, so the page names one that has.
    await page.getByLabel('C#').check();
    await page.getByText(/NSec\.Cryptography/).waitFor();
    expect(await code.count()).toBe(0);
    await expectAccessible(page);
    expect(errors).toEqual([]);
  });

  test('search and filters stand in the address, and lead back', async () => {
    const { tenant, path } = scene('filters');
    await system().subscribe(tenant, path, { name: 'One' });
    await system().subscribe(tenant, path, { name: 'Two', environment: 'development' });
    const { page, errors } = await asCompany(`/tenants/${tenant}/webhooks`);
    await page.getByRole('link', { name: 'Two' }).waitFor();
    await page.getByLabel('Search by name or URL').fill('tw');
    await page.waitForURL(/\?search=tw$/);
    await page.getByRole('link', { name: 'One' }).waitFor({ state: 'detached' });
    await page.getByLabel('Environment').selectOption('Production');
    await page.getByText('No webhook fits').waitFor();
    await expectAccessible(page);
    await page.reload();
    await page.getByText('No webhook fits').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('link', { name: 'One' }).waitFor();
    expect(new URL(page.url()).search).toBe('');
    const search = page.getByLabel('Search by name or URL');
    await page.goBack();
    await page.getByText('No webhook fits').waitFor();
    expect(await search.inputValue()).toBe('tw');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Webhooks' }).click();
    await page.getByRole('link', { name: 'One' }).waitFor();
    expect(await search.inputValue()).toBe('');
    expect(errors).toEqual([]);
  });

  test('a portal shows its own tenant only, in the language of its reader, on a phone, too', async () => {
    const [own, other] = [scene('portal'), scene('portal')];
    await system().subscribe(own.tenant, own.path, { name: 'Ours' });
    await system().subscribe(other.tenant, other.path, { name: 'Theirs' });
    const phone = { viewport: { width: 390, height: 800 }, locale: 'de-DE' };
    const { page, errors } = await browser.open(await portalOf(system(), own.tenant), phone);
    await page.getByRole('link', { name: 'Ours' }).waitFor();
    expect(await page.getByText('Theirs').count()).toBe(0);
    await page.getByRole('link', { name: 'Webhook hinzufügen' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectAccessible(page);
    // Another tenant's address shows one's own; the company's pages are not there.
    await page.goto(at(`/tenants/${other.tenant}/webhooks`));
    await page.getByRole('link', { name: 'Ours' }).waitFor();
    expect(await page.getByText('Theirs').count()).toBe(0);
    await page.goto(at('/tenants'));
    await page.getByText('Seite nicht gefunden').waitFor();
    expect(errors).toEqual([]);
  });

  test('a read-only token changes nothing, and is offered nothing that does', async () => {
    const { tenant, path } = scene('readers');
    const { id } = await system().subscribe(tenant, path, { name: 'Looked at' });
    const { page, errors } = await browser.open(await portalOf(system(), tenant, { readOnly: true }));
    await page.getByRole('link', { name: 'Looked at' }).click();
    await page.getByText('Read-only').waitFor();
    await page.locator('.tabs').getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Save changes' }).waitFor();
    expect(await page.getByRole('button', { name: 'Save changes' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: /Pause|Delete/ }).count()).toBe(0);
    await expectAccessible(page);
    await page.goto(at(`/tenants/${tenant}/webhooks/${id}`));
    await page.getByRole('heading', { name: 'Looked at' }).waitFor();
    expect(errors).toEqual([]);
  });

  test('when a token ends, the page says so, and goes on with a new one as if nothing had been', async () => {
    const { tenant } = scene('ending');
    const tokenOf = (body: object) => system().ask(Token, 'POST', `/v1/tenants/${tenant}/portal-tokens`, { body });
    const [first, second] = [await tokenOf({ expiresInSeconds: 60 }), await tokenOf({})];
    const { page, errors, hasAsked } = await browser.open(
      `${at(`/tenants/${tenant}/webhooks/new`)}#token=${first.token}`,
    );
    await page.getByLabel('Name').first().fill('Typed before the end');
    await page.getByLabel('URL', { exact: true }).fill('https://example.com/hooks');
    await hasAsked();
    await system().advance(61);
    await page.getByRole('button', { name: 'Add webhook' }).click();
    const dialog = page.getByRole('dialog', { name: 'Your access has ended' });
    await dialog.waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('Key or token').fill(first.token);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByText('The API does not know this key.').waitFor();
    await dialog.getByLabel('Key or token').fill(second.token);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByLabel('Name').first().inputValue()).toBe('Typed before the end');
    expect(errors).toEqual([]);
  });
});
