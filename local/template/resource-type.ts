import { z } from 'zod';
import type { Attributes } from './intrinsics.ts';
import type { Naming } from './names.ts';

/** A resource type of CloudFormation that the one-machine runner emulates. */
export interface ResourceType<Schema extends z.ZodType = z.ZodType> {
  type: string;
  /** The properties that the runner heeds. A stack must not mean more than what runs, so another one fails the start. */
  schema: Schema;
  /** Properties that change nothing on one machine. */
  withoutMeaning?: readonly string[];
  /** What `Ref` and `Fn::GetAtt` give; absent: the logical id. `properties` may still hold intrinsic functions. */
  attributes?: (id: string, properties: Record<string, unknown>, naming: Naming) => Attributes;
}

/** Numbers are texts in some templates. */
export const number = z.coerce.number();
