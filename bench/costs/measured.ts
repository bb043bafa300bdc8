import type { Usage } from '../cost.ts';

/**
 * What a delivery used in `npm run bench` of 2026-11-25 (docs/benchmarks.md: 1 KB, fan-out 1, first try, receivers take 200 ms,
 * 512 MiB, kept 30 days). `burst`: full batches; `paced`: each batch a single event.
 */
export const MEASURED: Record<'burst' | 'paced', Usage> = {
  burst: {
    dynamodbWrite: 2,
    dynamodbRead: 1.7,
    dynamodbStorage: 1844,
    sqsRequest: 0.6,
    sqsFairRequest: 0.6,
    lambdaRequest: 0.2,
    lambdaDuration: 0.012762,
    logs: 105,
    transferOut: 1429,
  },
  paced: {
    dynamodbWrite: 2,
    dynamodbRead: 3.501,
    dynamodbStorage: 1843,
    sqsRequest: 6,
    sqsFairRequest: 6,
    lambdaRequest: 2,
    lambdaDuration: 0.122,
    logs: 1093,
    transferOut: 1429,
  },
};
