import type { Usage } from '../cost.ts';

/**
 * What a delivery used in `npm run bench` of 2026-11-27 (docs/benchmarks.md: 1 KB, fan-out 1, first try, receivers take 200 ms,
 * 512 MiB, kept 30 days). `burst`: full batches; `paced`: each batch a single event.
 */
export const MEASURED: Record<'burst' | 'paced', Usage> = {
  burst: {
    dynamodbWrite: 2.1,
    dynamodbRead: 1.6,
    dynamodbStorage: 1887,
    sqsRequest: 0.6,
    sqsFairRequest: 0.6,
    lambdaRequest: 0.2,
    lambdaDuration: 0.012743,
    logs: 36,
    transferOut: 1429,
  },
  paced: {
    dynamodbWrite: 3,
    dynamodbRead: 2.501,
    dynamodbStorage: 2116,
    sqsRequest: 6,
    sqsFairRequest: 6,
    lambdaRequest: 2,
    lambdaDuration: 0.122,
    logs: 607,
    transferOut: 1429,
  },
};
