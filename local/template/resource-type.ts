import type { z } from 'zod';
import type { Attributes } from './intrinsics.ts';
import type { Naming } from './names.ts';

/** A resource type of CloudFormation that the one-machine runner emulates. */
export interface ResourceType<Schema extends z.ZodType = z.ZodType> {
  type: string;
  /** The properties that the runner heeds. A stack must not mean more than what runs, so another one fails the start. */
  schema: Schema;
  /** Properties that change nothing on one machine. */
  withoutMeaning?: readonly string[];
  /** What `Ref` and `Fn::GetAtt` give; absent: the logical id. */
  attributes?: (id: string, naming: Naming) => Attributes;
}
