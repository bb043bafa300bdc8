import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { StartError } from '../../errors.ts';
import { arn, nameOf } from '../../template/names.ts';
import type { ResourceType } from '../../template/resource-type.ts';
import type { Stack } from '../../template/stack.ts';
import type { FunctionSpec } from './handler-protocol.ts';

export const FUNCTION = {
  type: 'AWS::Lambda::Function',
  schema: z.strictObject({
    Code: z.object({ S3Key: z.string().regex(/^[0-9a-f]+\.zip$/, 'only assets of this app can be run') }),
    Handler: z.string().regex(/^[\w-]+\.\w+$/),
    Runtime: z.string().startsWith('nodejs', 'only Node.js functions can be run'),
    Timeout: z.number(),
    MemorySize: z.number().default(128),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }).default({ Variables: {} }),
  }),
  // What the stack reserves is at least what the event sources of a function may ask for.
  withoutMeaning: [
    'Architectures',
    'Description',
    'LoggingConfig',
    'RecursiveLoop',
    'ReservedConcurrentExecutions',
    'Role',
    'VpcConfig',
  ],
  attributes(id, naming) {
    const name = nameOf(id, naming);
    return { ref: name, Arn: arn('lambda', `function:${name}`) };
  },
} satisfies ResourceType;

/** @param assemblyDir where the bundles lie */
export function readFunctions(stack: Stack, assemblyDir: string): FunctionSpec[] {
  return stack.all(FUNCTION).map(({ name, arn, properties }) => {
    const [file = '', exportName = ''] = properties.Handler.split('.');
    const asset = join(assemblyDir, `asset.${properties.Code.S3Key.replace(/\.zip$/, '')}`);
    return {
      name,
      arn,
      entry: pathToFileURL(join(asset, `${file}.mjs`)).href,
      exportName,
      timeoutMs: properties.Timeout * 1000,
      memoryMb: properties.MemorySize,
      env: {
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        ...properties.Environment.Variables,
      },
    };
  });
}

/** The name of the function that a name or an ARN is of. */
export function functionNamed(reference: string, functions: readonly FunctionSpec[]): string {
  const found = functions.find(({ name, arn }) => reference === name || reference === arn);
  if (!found) throw new StartError(`The stack refers to the function ${reference}, which is not in it.`);
  return found.name;
}
