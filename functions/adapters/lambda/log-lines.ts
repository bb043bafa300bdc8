import { AsyncLocalStorage } from 'node:async_hooks';
import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { Context } from 'aws-lambda';

/** What every line of an invocation says. */
interface Invocation {
  requestId: string;
}

/** Not the logger's own context: on one machine a function takes several invocations at the same time. */
const running = new AsyncLocalStorage<Invocation>();

/** Makes every line that the handler logs name the invocation that logged it. */
export function withRequestId<Event, Result>(
  handler: (event: Event, context: Context) => Promise<Result>,
): (event: Event, context: Context) => Promise<Result> {
  return (event, context) => running.run({ requestId: context.awsRequestId }, () => handler(event, context));
}

/** A line of the log: JSON, with no more than a query asks for. */
export class LogLine extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    return new LogItem({
      attributes: {
        level: attributes.logLevel,
        message: attributes.message,
        timestamp: attributes.timestamp.toISOString(),
        service: attributes.serviceName,
        ...running.getStore(),
        ...(attributes.xRayTraceId && { xrayTraceId: attributes.xRayTraceId }),
      },
    }).addAttributes(additional);
  }
}
