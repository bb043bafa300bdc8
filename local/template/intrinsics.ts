import { StartError } from '../errors.ts';

/** What a resource gives to those who refer to it. */
export interface Attributes {
  ref: string;
  [attribute: string]: string;
}

/** Looks a logical id up: a resource, a parameter or a pseudo parameter. */
export type Lookup = (logicalId: string) => Attributes | undefined;

/** Replaces by their values those intrinsic functions of CloudFormation that CDK writes for stacks like Posthorn's. */
export function resolveIntrinsics(value: unknown, lookup: Lookup): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveIntrinsics(item, lookup));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[name, argument] = ['', undefined]] = entries;
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) return evaluate(name, argument, lookup);
  return Object.fromEntries(entries.map(([key, item]) => [key, resolveIntrinsics(item, lookup)]));
}

function evaluate(name: string, argument: unknown, lookup: Lookup): unknown {
  if (name === 'Ref') return attribute(String(argument), 'ref', lookup);
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) {
    const [logicalId, ...path] = argument;
    return attribute(String(logicalId), path.join('.'), lookup);
  }
  if (name === 'Fn::Join' && Array.isArray(argument)) {
    const [separator, parts] = argument;
    const resolved = resolveIntrinsics(parts, lookup);
    if (Array.isArray(resolved)) return resolved.join(separator);
  }
  if (name === 'Fn::Sub' && typeof argument === 'string') {
    return argument.replace(/\$\{([^!}]+)\}/g, (_, logicalId: string) => attribute(logicalId, 'ref', lookup));
  }
  throw new StartError(`The stack uses ${name} in a way that the one-machine runner does not evaluate.`);
}

function attribute(logicalId: string, name: string, lookup: Lookup): string {
  const attributes = lookup(logicalId);
  if (!attributes)
    throw new StartError(`The stack refers to ${logicalId}, which the one-machine runner does not know.`);
  const value = attributes[name];
  if (value === undefined) {
    throw new StartError(`The stack asks for ${logicalId}.${name}, which the one-machine runner does not give.`);
  }
  return value;
}
