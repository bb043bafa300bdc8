import { expect, test } from 'vitest';
import * as z from 'zod';
import { PublishedMessage } from '../../functions/core/event/published-event.ts';

test('docs/event.schema.json is what the queue takes (npx vitest run test/docs -u writes it anew)', async () => {
  const schema = {
    title: 'Event',
    description: 'The SQS message that publishes an event.',
    ...z.toJSONSchema(PublishedMessage, { io: 'input' }),
  };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('../../docs/event.schema.json');
});
