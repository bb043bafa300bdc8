/** List prices in us-east-1, lowest volume tier, without free tiers. */
export interface Price {
  name: string;
  dollars: number;
  /** How many units that buys. */
  per: number;
  unit: string;
  source: string;
  /** Of the source, or of the day on which it was read. */
  date: string;
}

const MILLION = 1_000_000;
const GB = 1024 ** 3;

const SQS = { source: 'https://cloudburn.io/blog/amazon-sqs-pricing', date: '2026-03-14' };
const LAMBDA = { source: 'https://wring.co/blog/aws-lambda-pricing-guide', date: '2026-03-08' };
const LOGS = { source: 'https://c3x.dev/blog/cloudwatch-logs-cost-optimization', date: '2026-06' };
const TRANSFER = { source: 'https://wring.co/blog/aws-data-transfer-pricing-guide', date: '2026-03-08' };
const DYNAMODB = { source: 'aws/agent-toolkit-for-aws calculate_costs.py', date: '2026-08' };

/** Of the API, which benches do not use: they publish by SQS. */
export const HTTP_API_REQUEST: Price = {
  name: 'HTTP API requests',
  dollars: 1,
  per: MILLION,
  unit: 'request of up to 512 KB',
  source:
    'https://docs.aws.amazon.com/whitepapers/latest/best-practices-api-gateway-private-apis-integration/cost-optimization.html',
  date: '2026-11-26',
};

/** In the order of the report. */
export const PRICES = {
  dynamodbWrite: { name: 'DynamoDB writes', dollars: 0.625, per: MILLION, unit: 'write request unit', ...DYNAMODB },
  dynamodbRead: { name: 'DynamoDB reads', dollars: 0.125, per: MILLION, unit: 'read request unit', ...DYNAMODB },
  dynamodbStorage: { name: 'DynamoDB storage', dollars: 0.25, per: GB, unit: 'byte-month', ...DYNAMODB },
  /** Each call, of up to ten messages, counts once for every 64 KB of payload begun. */
  sqsRequest: { name: 'SQS, the publisher included', dollars: 0.4, per: MILLION, unit: 'request', ...SQS },
  /** On top, for requests about messages that carry a MessageGroupId on a standard queue. */
  sqsFairRequest: { name: 'SQS, fair queues', dollars: 0.1, per: MILLION, unit: 'request', ...SQS },
  lambdaRequest: { name: 'Lambda invocations', dollars: 0.2, per: MILLION, unit: 'invocation', ...LAMBDA },
  lambdaDuration: { name: 'Lambda duration', dollars: 0.0000133334, per: 1, unit: 'GB-second (arm64)', ...LAMBDA },
  logs: { name: 'CloudWatch logs', dollars: 0.5, per: GB, unit: 'byte', ...LOGS },
  transferOut: { name: 'data transfer out', dollars: 0.09, per: GB, unit: 'byte', ...TRANSFER },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;
/** The names of the prices, in the same order. */
export const PRICE_NAMES = Object.keys(PRICES) as PriceName[];
