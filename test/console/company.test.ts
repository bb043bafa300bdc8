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
    await page.getByText('None yet.').waitFor();
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
