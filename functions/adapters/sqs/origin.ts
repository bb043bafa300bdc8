import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { MadeId, MessageOrigin } from '../../core/event/parse-message.ts';
import { MADE_ID_ATTRIBUTE, ORIGIN_ATTRIBUTES } from '../../names.ts';

/** Say which message a message was first. */
export function originAttributes({ messageId, sentAt }: MessageOrigin): Record<string, MessageAttributeValue> {
  return {
    [ORIGIN_ATTRIBUTES.messageId]: { DataType: 'String', StringValue: messageId },
    [ORIGIN_ATTRIBUTES.sentAt]: { DataType: 'String', StringValue: String(sentAt) },
  };
}

/** Says that the API made the event's id. */
export function madeIdAttribute(madeId: MadeId): Record<string, MessageAttributeValue> {
  return { [MADE_ID_ATTRIBUTE]: { DataType: 'String', StringValue: madeId } };
}
