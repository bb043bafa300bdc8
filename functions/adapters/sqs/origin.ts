import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { MessageOrigin } from '../../core/event/parse-message.ts';
import { ORIGIN_ATTRIBUTES } from '../../names.ts';

/** Say which message a message was first. */
export function originAttributes({ messageId, sentAt }: MessageOrigin): Record<string, MessageAttributeValue> {
  return {
    [ORIGIN_ATTRIBUTES.messageId]: { DataType: 'String', StringValue: messageId },
    [ORIGIN_ATTRIBUTES.sentAt]: { DataType: 'String', StringValue: String(sentAt) },
  };
}
