import { MAPPING, readMappings } from './resources/event-sources.ts';
import { FUNCTION, readFunctions } from './resources/functions/function.ts';
import { API_TYPES, readCors, readRoutes } from './resources/http-api/api.ts';
import { KEY, SECRET } from './resources/keys-and-secrets/types.ts';
import { QUEUE } from './resources/queues.ts';
import { RULE, readSchedules } from './resources/schedules.ts';
import { TABLE } from './resources/tables.ts';
import type { Naming } from './template/names.ts';
import { readStack } from './template/stack.ts';

/** All that the runner has to create, with every reference replaced by its value on this machine. */
export type Plan = ReturnType<typeof readPlan>;

export interface PlanContext extends Naming {
  /** Where the cloud assembly lies, with the functions' bundles. */
  assemblyDir: string;
}

const EMULATED = [QUEUE, TABLE, FUNCTION, MAPPING, RULE, ...API_TYPES, SECRET, KEY];

/** They say who may do what, or watch; on one machine there is no one to keep out and no one to wake. */
const WITHOUT_MEANING =
  /^AWS::(CDK|CertificateManager|CloudFront|CloudWatch|EC2|IAM|Logs|Route53)::|^AWS::(Lambda::(EventInvokeConfig|Permission)|SQS::QueuePolicy|ApiGatewayV2::(ApiMapping|DomainName))$/;

/** Reads a synthesised template. Throws a StartError for all that the runner does not emulate. */
export function readPlan(template: unknown, context: PlanContext) {
  const stack = readStack(template, EMULATED, WITHOUT_MEANING, context);
  const functions = readFunctions(stack, context.assemblyDir);
  return {
    functions,
    queues: stack.all(QUEUE),
    tables: stack.all(TABLE),
    mappings: readMappings(stack, functions),
    schedules: readSchedules(stack, functions),
    routes: readRoutes(stack, functions),
    cors: readCors(stack),
    secrets: stack.all(SECRET),
    keys: stack.all(KEY),
  };
}
