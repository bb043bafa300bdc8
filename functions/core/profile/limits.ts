import * as z from 'zod';

/** Requests a second. One DynamoDB item a limited subscription takes its reservations: 1,000 writes a second at most. */
export const MaxPerSecond = z
  .number('must be a number of requests a second')
  .min(0.1, 'must be at least 0.1, which is one request in ten seconds')
  .max(1_000, 'must be at most 1000')
  .meta({
    description: 'The most requests a second, over all workers. What is over waits, and no attempt is counted.',
  });

/** Requests at the same moment. Each worker's lease is in one DynamoDB item, so they must stay few. */
export const MaxConcurrent = z
  .int('must be a whole number of requests')
  .min(1, 'must be at least 1')
  .max(100, 'must be at most 100')
  .meta({ description: 'The most requests under way at the same moment, over all workers. What is over waits.' });
