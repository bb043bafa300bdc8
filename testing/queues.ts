import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';

/** Emulators take any. */
export const CREDENTIALS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/** For SQS on this machine: bodies are not checked against their MD5. */
export function createSqsClient(endpoint: string): SQSClient {
  return new SQSClient({ ...CREDENTIALS, endpoint, md5: false });
}

export interface QueueCount {
  queue: string;
  /** Messages that can be received now. */
  visible: number;
  /** Received, and neither deleted nor back. Delayed ones are not in flight. */
  inFlight: number;
  /** All, with those that are hidden or delayed. */
  count: number;
}

/** Counts the messages of each queue. The emulator's own URLs name a host that need not resolve. */
export async function countMessages(sqs: SQSClient, endpoint: string): Promise<QueueCount[]> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ MaxResults: 100 }));
  return Promise.all(
    QueueUrls.map(async (url) => {
      const QueueUrl = endpoint + new URL(url).pathname;
      const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
      const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible, ApproximateNumberOfMessagesDelayed } =
        Attributes;
      const visible = Number(ApproximateNumberOfMessages);
      const inFlight = Number(ApproximateNumberOfMessagesNotVisible);
      const count = visible + inFlight + Number(ApproximateNumberOfMessagesDelayed);
      return { queue: url.split('/').at(-1) ?? '', visible, inFlight, count };
    }),
  );
}
