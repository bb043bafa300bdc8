import { z } from 'zod';
import { StartError } from '../errors.ts';
import { type Attributes, type Lookup, resolveIntrinsics } from './intrinsics.ts';
import { arn, type Naming, PSEUDO_PARAMETERS } from './names.ts';
import type { ResourceType } from './resource-type.ts';

export interface Resource<Schema extends z.ZodType> {
  id: string;
  /** A queue's is the end of its URL, which is what `Ref` gives for it. */
  name: string;
  ref: string;
  arn: string;
  /** Every reference in them is replaced by its value on this machine. */
  properties: z.output<Schema>;
}

export interface Stack {
  /** All resources of a type. Throws a StartError for a property that the runner does not emulate. */
  all<Schema extends z.ZodType>(type: ResourceType<Schema>): Resource<Schema>[];
}

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      Condition: z.string().optional(),
    }),
  ),
});

/**
 * Reads a synthesised template. Throws a StartError for a resource that the runner does not emulate.
 * @param withoutMeaning types that change nothing on one machine
 */
export function readStack(
  template: unknown,
  types: readonly ResourceType[],
  withoutMeaning: RegExp,
  naming: Naming,
): Stack {
  const { Resources } = templateSchema.parse(template);
  const emulated = new Map(types.map((type) => [type.type, type]));
  const attributes = new Map<string, Attributes>();
  for (const [id, { Type, Condition }] of Object.entries(Resources)) {
    const type = emulated.get(Type);
    if (!type && !withoutMeaning.test(Type)) {
      throw new StartError(`The stack has ${id} of type ${Type}, which the one-machine runner does not emulate.`);
    }
    if (type && Condition) throw new StartError(`${id} depends on a condition; those are not evaluated.`);
    attributes.set(id, type?.attributes?.(id, naming) ?? { ref: id, Arn: arn('local', id) });
  }
  const lookup: Lookup = (id) => attributes.get(id) ?? PSEUDO_PARAMETERS[id];

  return {
    all({ type, schema, withoutMeaning: ignored = [] }) {
      return Object.entries(Resources)
        .filter(([, resource]) => resource.Type === type)
        .map(([id, { Properties }]) => {
          const heeded = Object.entries(Properties).filter(([name]) => name !== 'Tags' && !ignored.includes(name));
          const parsed = schema.safeParse(resolveIntrinsics(Object.fromEntries(heeded), lookup));
          if (!parsed.success) {
            const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
            throw new StartError(
              `${id} (${type}) has what the one-machine runner does not emulate: ${faults.join('; ')}`,
            );
          }
          const { ref, Arn = '' } = attributes.get(id) ?? { ref: id };
          return { id, name: ref.split('/').at(-1) ?? '', ref, arn: Arn, properties: parsed.data };
        });
    },
  };
}
