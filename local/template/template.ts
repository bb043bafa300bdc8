import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { StartError } from '../errors.ts';
import type { Mapping } from '../resources/event-sources.ts';
import type { FunctionSpec } from '../resources/functions/handler-protocol.ts';
import type { ApiPlan } from '../resources/http-api/api-plan.ts';
import { type Attributes, type Lookup, resolveIntrinsics } from './intrinsics.ts';
import { attributesOf, type Naming, pseudoParameters } from './resource-names.ts';
import { EMULATED, WITHOUT_MEANING_HERE } from './resource-schemas.ts';

export type QueueProperties = z.output<(typeof EMULATED.queue)['schema']>;
export type TableProperties = z.output<(typeof EMULATED.table)['schema']>;
type SecretProperties = z.output<(typeof EMULATED.secret)['schema']>;

export interface Schedule {
  arn: string;
  /** `rate(1 minute)` and the like, in milliseconds. */
  everyMs: number;
  functionName: string;
  /** Replaces the event that EventBridge makes. */
  input?: string;
}

/** All that the runner has to create, with every reference replaced by its value on this machine. */
export interface Plan {
  queues: { name: string; properties: QueueProperties }[];
  tables: { name: string; properties: TableProperties }[];
  functions: FunctionSpec[];
  mappings: Mapping[];
  schedules: Schedule[];
  api: ApiPlan;
  secrets: { arn: string; properties: SecretProperties }[];
  keys: { arn: string }[];
}

export interface TemplateContext extends Naming {
  /** Where the cloud assembly lies, with the functions' bundles. */
  assemblyDir: string;
  /** What the functions get beside the environment that the stack gives them. */
  environment: Record<string, string>;
}

const templateSchema = z.object({
  Parameters: z.record(z.string(), z.object({ Default: z.unknown() })).default({}),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
      Condition: z.string().optional(),
    }),
  ),
});

/** Concurrency of a mapping that sets none: what Lambda itself starts with. */
const DEFAULT_CONCURRENCY = 5;
/** After this API Gateway gives up on a function. */
const MAX_INTEGRATION_MS = 30_000;

/** Reads a synthesised template. Throws a StartError for all that the runner does not emulate. */
export function readTemplate(template: unknown, context: TemplateContext): Plan {
  const { Parameters, Resources } = templateSchema.parse(template);
  const names = new Map(
    Object.entries(Resources).map(([id, { Type, Properties }]) => [id, attributesOf(id, Type, Properties, context)]),
  );
  const pseudo = pseudoParameters(context.stackName);
  const lookup: Lookup = (id) => {
    const parameter = Parameters[id];
    return names.get(id) ?? pseudo[id] ?? (parameter && { ref: String(parameter.Default) });
  };

  for (const [id, { Type, Condition }] of Object.entries(Resources)) {
    if (!isEmulated(Type) && !WITHOUT_MEANING_HERE.has(Type)) {
      throw new StartError(`The stack has ${id} of type ${Type}, which the one-machine runner does not emulate.`);
    }
    if (isEmulated(Type) && Condition) throw new StartError(`${id} depends on a condition; those are not evaluated.`);
  }

  /** All resources of a type, checked. */
  function all<Schema extends z.ZodType>({ type, schema }: { type: string; schema: Schema }) {
    const found: { id: string; attributes: Attributes; properties: z.output<Schema> }[] = [];
    for (const [id, resource] of Object.entries(Resources)) {
      const attributes = names.get(id);
      if (resource.Type !== type || !attributes) continue;
      const parsed = schema.safeParse(resolveIntrinsics(resource.Properties, lookup));
      if (!parsed.success) {
        const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ');
        throw new StartError(`${id} (${type}) has what the one-machine runner does not emulate: ${faults}`);
      }
      found.push({ id, attributes, properties: parsed.data });
    }
    return found;
  }

  const functions = all(EMULATED.function).map(({ attributes, properties }): FunctionSpec => {
    const [file = '', exportName = ''] = properties.Handler.split('.');
    const asset = join(context.assemblyDir, `asset.${properties.Code.S3Key.replace(/\.zip$/, '')}`);
    return {
      name: attributes.ref,
      arn: attribute(attributes, 'Arn'),
      entry: pathToFileURL(join(asset, `${file}.mjs`)).href,
      exportName,
      timeoutMs: properties.Timeout * 1000,
      memoryMb: properties.MemorySize,
      env: {
        ...context.environment,
        AWS_LAMBDA_FUNCTION_NAME: attributes.ref,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        ...properties.Environment.Variables,
      },
      ...(properties.ReservedConcurrentExecutions !== undefined && {
        reservedConcurrency: properties.ReservedConcurrentExecutions,
      }),
    };
  });

  /** The function that an ARN, a name, or an API Gateway URI with an ARN in it is about. */
  function functionNamed(reference: string): string {
    const found = functions.find(
      ({ name, arn }) => reference === name || reference.endsWith(arn) || reference.includes(`${arn}/`),
    );
    if (!found) throw new StartError(`The stack refers to the function ${reference}, which is not in it.`);
    return found.name;
  }

  const queues = all(EMULATED.queue);
  const mappings = all(EMULATED.mapping).filter(({ properties }) => properties.Enabled);
  const rules = all(EMULATED.rule).filter(({ properties }) => properties.State === 'ENABLED');

  return {
    functions,
    queues: queues.map(({ attributes, properties }) => ({ name: attribute(attributes, 'QueueName'), properties })),
    tables: all(EMULATED.table).map(({ attributes, properties }) => ({ name: attributes.ref, properties })),
    mappings: mappings.map(({ properties }): Mapping => {
      const source = queues.find(({ attributes }) => attributes.Arn === properties.EventSourceArn);
      if (!source)
        throw new StartError(
          `An event source mapping reads ${properties.EventSourceArn}, which is no queue of the stack.`,
        );
      return {
        queueUrl: source.attributes.ref,
        queueArn: properties.EventSourceArn,
        functionName: functionNamed(properties.FunctionName),
        batchSize: properties.BatchSize,
        windowSeconds: properties.MaximumBatchingWindowInSeconds,
        maxConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
        partialFailures: properties.FunctionResponseTypes.length > 0,
      };
    }),
    schedules: rules.flatMap(({ attributes, properties }) =>
      properties.Targets.map((target) => ({
        arn: attribute(attributes, 'Arn'),
        everyMs: rateMs(properties.ScheduleExpression),
        functionName: functionNamed(target.Arn),
        ...(target.Input !== undefined && { input: target.Input }),
      })),
    ),
    api: readApi(),
    secrets: all(EMULATED.secret).map(({ attributes, properties }) => ({ arn: attributes.ref, properties })),
    keys: all(EMULATED.key).map(({ attributes }) => ({ arn: attribute(attributes, 'Arn') })),
  };

  function readApi(): ApiPlan {
    const [api, ...more] = all(EMULATED.api);
    const [stage] = all(EMULATED.stage);
    if (!api || !stage || more.length > 0) throw new StartError('The stack needs exactly one HTTP API with a stage.');
    const integrations = new Map(all(EMULATED.integration).map((item) => [item.id, item.properties]));
    return {
      apiId: api.id,
      stage: stage.properties.StageName,
      routes: all(EMULATED.route).map(({ id, properties }) => {
        const integration = integrations.get(properties.Target.replace(/^integrations\//, ''));
        if (!integration) throw new StartError(`The route ${id} has no integration.`);
        return {
          routeKey: properties.RouteKey,
          functionName: functionNamed(integration.IntegrationUri),
          timeoutMs: Math.min(integration.TimeoutInMillis, MAX_INTEGRATION_MS),
        };
      }),
    };
  }
}

function isEmulated(type: string): boolean {
  return Object.values(EMULATED).some((emulated) => emulated.type === type);
}

function attribute(attributes: Attributes, name: string): string {
  return attributes[name] ?? '';
}

function rateMs(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (!unit) throw new StartError(`The schedule ${expression} is not emulated: write it as rate(…).`);
  return Number(count) * (unit === 'minute' ? 60_000 : unit === 'hour' ? 3_600_000 : 86_400_000);
}
