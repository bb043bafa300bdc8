import { MAPPING, type Mapping, readMappings } from './resources/event-sources.ts';
import { FUNCTION, readFunctions } from './resources/functions/function.ts';
import type { FunctionSpec } from './resources/functions/handler-protocol.ts';
import { API_TYPES, type ApiPlan, readApi } from './resources/http-api/api.ts';
import { KEY, SECRET } from './resources/keys-and-secrets/types.ts';
import { QUEUE, type Queue } from './resources/queues.ts';
import { RULE, readSchedules, type Schedule } from './resources/schedules.ts';
import { TABLE, type Table } from './resources/tables.ts';
import type { Naming } from './template/names.ts';
import { type Resource, readStack } from './template/stack.ts';

/** All that the runner has to create, with every reference replaced by its value on this machine. */
export interface Plan {
  queues: Queue[];
  tables: Table[];
  functions: FunctionSpec[];
  mappings: Mapping[];
  schedules: Schedule[];
  api: ApiPlan;
  secrets: Resource<typeof SECRET.schema>[];
  keys: Resource<typeof KEY.schema>[];
}

export interface PlanContext extends Naming {
  /** Where the cloud assembly lies, with the functions' bundles. */
  assemblyDir: string;
  /** What the functions get beside the environment that the stack gives them. */
  environment: Record<string, string>;
}

const EMULATED = [QUEUE, TABLE, FUNCTION, MAPPING, RULE, ...API_TYPES, SECRET, KEY];

/** They say who may do what, or watch; on one machine there is no one to keep out and no one to wake. */
const WITHOUT_MEANING = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::ResourcePolicy',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SQS::QueuePolicy',
]);

/** Reads a synthesised template. Throws a StartError for all that the runner does not emulate. */
export function readPlan(template: unknown, context: PlanContext): Plan {
  const stack = readStack(template, EMULATED, WITHOUT_MEANING, context);
  const functions = readFunctions(stack, context);
  return {
    functions,
    queues: stack.all(QUEUE),
    tables: stack.all(TABLE),
    mappings: readMappings(stack, functions),
    schedules: readSchedules(stack, functions),
    api: readApi(stack, functions),
    secrets: stack.all(SECRET),
    keys: stack.all(KEY),
  };
}
