import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventually } from '../e2e/eventually.ts';
import { scene } from '../e2e/use-system.ts';
import { expectAccessible, hasNoBrowser } from './use-browser.ts';
import { useConsole } from './use-console.ts';

const Anything = z.unknown();
/** What JavaScript's numbers and objects would change. */
const UNUSUAL = '{"id":12345678901234567890,"sum":1.0,"limit":1e400,"10":"ten","2":"two"}';
/** So long a function may work with the event types that it has read. */
const TYPES_KNOWN_SECONDS = 31;

describe.skipIf(hasNoBrowser)('events in the console', () => {
  const { system, asCompany } = useConsole();

  beforeAll(() =>
    system().call('POST', '/v1/event-types', {
      body: { name: 'employee.hired', example: { id: 1, country: 'DE' } },
    }),
  );

  test('one is published from an example, and says to whom it went and to whom not', async () => {
    const { tenant, path } = scene('publish');
    const { receiverUrl } = system().endpoints;
    await system().subscribe(tenant, path, { name: 'Everything' });
    await system().subscribe(tenant, path, { name: 'France', filter: { data: { country: ['FR'] } } });
    await system().subscribe(tenant, path, { name: 'Staging', environment: 'development' });
    await system().subscribe(tenant, path, { name: 'Pay runs', eventTypes: ['payrun.*'] });
    const phone = { viewport: { width: 390, height: 800 } };
    const { page, errors } = await asCompany(`/tenants/${tenant}/events`, phone);
    await page.getByText('No events yet').waitFor();
    await expectAccessible(page);

    await page.getByRole('link', { name: 'Publish an event' }).click();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('Choose or name an event type.').waitFor();
    await page.getByLabel('Event', { exact: true }).selectOption('employee.hired');
    const data = page.getByLabel('Data');
    expect(JSON.parse(await data.inputValue())).toEqual({ id: 1, country: 'DE' });
    await data.fill('{"id": 2');
    await page.getByText('This is not JSON: look at line 1.').waitFor();
    await expectAccessible(page);
    await data.fill('{"id": 2, "country": "DE", "note": "<script>alert(1)</script>"}');
    await page.getByRole('button', { name: 'Publish', exact: true }).click();

    await page.getByRole('heading', { name: 'employee.hired' }).waitFor();
    const row = (name: string) => page.getByRole('row', { name: new RegExp(name) });
    await row('Everything').getByText('Delivered').waitFor();
    await row('France').getByText('data.country is "DE"').waitFor();
    await row('Staging').getByText('The webhook receives the other environment.').waitFor();
    await row('Pay runs').getByText('The webhook does not ask for this event.').waitFor();
    await page.getByText('<script>alert(1)</script>').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await expectAccessible(page);
    await row('Everything').getByRole('link', { name: 'See the delivery' }).click();
    await page.getByText(`POST ${receiverUrl}${path}`).waitFor();

    await page.goBack();
    await page.getByRole('button', { name: 'Send to all again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await page.getByText('Done', { exact: true }).first().waitFor();
    await eventually(async () => expect((await system().received(path)).total).toBe(2));
    expect(errors).toEqual([]);
  });

  test.each(['new', 'list', '-', 'x'.repeat(64)])(
    'one whose publisher calls it %s is opened like any other',
    async (id) => {
      const { tenant } = scene('named');
      await system().publish(tenant, { id });
      const { page, errors } = await asCompany(`/tenants/${tenant}/events`);
      await page.getByRole('link', { name: 'thing.happened' }).click();
      await page.locator('dl').getByText(id, { exact: true }).waitFor();
      await page.reload();
      await page.locator('dl').getByText(id, { exact: true }).waitFor();
      expect(errors).toEqual([]);
    },
  );

  test('what is typed reaches the receiver as it is, and is shown as it is', async () => {
    const { tenant, path } = scene('unusual');
    const type = `${tenant}.counted`;
    await system().subscribe(tenant, path);
    const rawBody = `{"name":"${type}","example":${UNUSUAL}}`;
    await system().ask(Anything, 'POST', '/v1/event-types', { rawBody });
    const { page, errors } = await asCompany(`/tenants/${tenant}/new-event`);
    await page.getByLabel('Event', { exact: true }).selectOption(type);
    const data = page.getByLabel('Data');
    const typed = (await data.inputValue()).replace('"ten"', '98765432109876543210');
    await data.fill(typed);
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    const shown = page.locator('figure', { hasText: 'Data' }).locator('pre');
    expect(await shown.textContent()).toBe(typed);
    await page.getByRole('row', { name: /Delivered/ }).waitFor();
    const sent = UNUSUAL.replace('"ten"', '98765432109876543210');
    expect((await system().received(path)).requests[0]?.body).toContain(`"data":${sent}`);
    await page.getByRole('link', { name: 'See the delivery' }).click();
    await page.getByText(`"data":${sent}`).waitFor();
    expect(errors).toEqual([]);
  });

  test('rejected ones stand with reason and body, and are published again once what was wrong is mended', async () => {
    const { tenant, path } = scene('mend');
    await system().subscribe(tenant, path);
    const type = `mended.${tenant}`;
    const schema = { type: 'object', required: ['total'] };
    const typePath = `/v1/event-types/${type}`;
    await system().ask(Anything, 'POST', '/v1/event-types', { body: { name: type, schema, validate: true } });
    await system().advance(TYPES_KNOWN_SECONDS);
    const messages = [1, 2, 3].map((sum) => ({ tenantId: tenant, type, data: { sum } }));
    await system().send(...messages);
    const { page, errors } = await asCompany(`/rejected-events?tenantId=${tenant}`);
    const cards = page.locator('main li.card');
    await eventually(async () => {
      await page.reload();
      await cards.nth(2).waitFor({ timeout: 1_000 });
    });
    await cards.first().getByText('Body and mistakes').click();
    await cards
      .first()
      .getByText(/"data":\{"sum":\d\}/)
      .waitFor();
    await expectAccessible(page);

    // One is corrected: what is no event is said beside it, and so is what its type does not take.
    const [corrected] = (await system().rejectedOf(tenant)).toReversed();
    const card = cards.filter({ hasText: corrected?.body ?? 'nothing' });
    await card.getByRole('button', { name: 'Correct' }).click();
    const editor = card.getByLabel('Corrected body');
    const whole = await editor.inputValue();
    const publishIt = () => card.getByRole('button', { name: 'Publish corrected' }).click();
    await editor.fill('{');
    await publishIt();
    await card.getByText('This is not JSON: look at line 1.').waitFor();
    await editor.fill(whole.replace('"type"', '"kind"'));
    await publishIt();
    await card.getByText('/kind is not a known field').waitFor();
    await expectAccessible(page);
    await editor.fill(whole.replace('"sum"', '"totals"'));
    await publishIt();
    await eventually(async () =>
      expect((await system().rejectedOf(tenant)).map(({ body }) => body)).toContainEqual(
        expect.stringContaining('"totals"'),
      ),
    );
    const again = cards.filter({ hasText: '"totals"' });
    await again.getByRole('button', { name: 'Correct' }).click();
    await again.getByLabel('Corrected body').fill(whole.replace('"sum"', '"total"'));
    await again.getByRole('button', { name: 'Publish corrected' }).click();
    await again.getByText(/Published again/).waitFor();
    await eventually(async () => expect((await system().received(path)).requests[0]?.body).toContain('{"total":'));

    await system().ask(Anything, 'PATCH', typePath, { body: { validate: false } });
    await system().advance(TYPES_KNOWN_SECONDS);
    await eventually(async () => {
      await cards.first().getByRole('button', { name: 'Publish again' }).click();
      await cards
        .first()
        .getByText(/Published again/)
        .waitFor();
      expect((await system().received(path)).total).toBeGreaterThan(1);
    });
    await page.getByRole('searchbox', { name: 'Tenant' }).fill('');
    await page.getByLabel('Reason').selectOption('Data does not fit its schema');
    await eventually(async () => expect(new URL(page.url()).search).toBe('?code=invalid_data'));
    await page.getByRole('button', { name: 'Publish all of these again' }).click();
    await page.getByText(/would be published again\./).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: /^Publish \d+$/ }).click();
    await page.getByText('Done', { exact: true }).first().waitFor();
    await eventually(async () => expect((await system().received(path)).total).toBe(3));
    expect(errors).toEqual([]);
  });

  test('what hinders a range of rejected events, or its count, is said, and can be tried again', async () => {
    const { tenant } = scene('hindered');
    await system().send({ tenantId: tenant, type: 'no type', data: {} });
    const { page } = await asCompany('/rejected-events?code=invalid_event');
    const range = page.getByRole('button', { name: 'Publish all of these again' });
    await eventually(async () => {
      await page.reload();
      await range.waitFor({ timeout: 1_000 });
    });
    const dialog = page.getByRole('dialog');
    await page.route('**/republications', (route) => route.abort());
    await range.click();
    await dialog.getByText('The API cannot be reached.').waitFor();
    expect(await dialog.getByText('Counting').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await page.unroute('**/republications');
    await range.click();
    const publish = dialog.getByRole('button', { name: /^Publish \d+$/ });
    await publish.waitFor();
    await page.route('**/republications', (route) => route.abort());
    await publish.click();
    await dialog.getByText('The API cannot be reached.').waitFor();
    await dialog.getByText(/would be published again\./).waitFor();
    await publish.waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await page.unroute('**/republications');
    await page.route('**/v1/jobs/*', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), status: 'cancelled' } });
    });
    await range.click();
    await dialog.getByText('Cancelled').waitFor();
    expect(await dialog.getByText('Counting').count()).toBe(0);
  });
});
