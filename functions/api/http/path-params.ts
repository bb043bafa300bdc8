import * as z from 'zod';
import { ApiKeyId } from '../../core/access/api-key.ts';
import { TokenId } from '../../core/access/token.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { DeliveryId, EventId, JobId, RejectedEventId, SubscriptionId, TenantId } from '../../core/ids.ts';
import { ProfileName } from '../../core/profile/profile.ts';

/** What may stand in a path of /v1, by the name of its parameter. */
const PATH_PARAMS = {
  tenantId: TenantId,
  subscriptionId: SubscriptionId,
  eventId: EventId,
  deliveryId: DeliveryId,
  attemptNumber: z.string().regex(/^[1-9][0-9]{0,8}$/, 'must be the number of an attempt'),
  tokenId: TokenId,
  jobId: JobId,
  rejectedEventId: RejectedEventId,
  apiKeyId: ApiKeyId,
  name: EventTypeName,
  profile: ProfileName,
  pack: z.string().max(63),
};
type Name = keyof typeof PATH_PARAMS;

/** The parameters that a path names. A path with a name that is not above gives its route none, so that it does not compile. */
type NamesIn<Path extends string> = Path extends `${string}{${infer First extends Name}}${infer Rest}`
  ? First | NamesIn<Rest>
  : never;
export type PathParams<Path extends string> = { [One in NamesIn<Path>]: z.infer<(typeof PATH_PARAMS)[One]> };

export function pathParams(path: string): z.ZodObject {
  const names = Object.entries(PATH_PARAMS).filter(([name]) => path.includes(`{${name}}`));
  return z.object(Object.fromEntries(names));
}
