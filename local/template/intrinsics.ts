import { StartError } from '../errors.ts';

/** What a resource gives to those who refer to it. */
export interface Attributes {
  ref: string;
  [attribute: string]: string;
}

/** Looks a logical id up: a resource, a parameter or a pseudo parameter. */
export type Lookup = (logicalId: string) => Attributes | undefined;

/** `AWS::NoValue`: the property that holds it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

/** Replaces CloudFormation's intrinsic functions in a part of a template by their values. */
export function resolveIntrinsics(value: unknown, lookup: Lookup): unknown {
  const resolved = resolve(value, lookup);
  return resolved === NO_VALUE ? undefined : resolved;
}

function resolve(value: unknown, lookup: Lookup): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, lookup)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (first && entries.length === 1 && (first[0] === 'Ref' || first[0].startsWith('Fn::'))) {
    return evaluate(first[0], first[1], lookup);
  }
  return Object.fromEntries(
    entries.map(([key, item]) => [key, resolve(item, lookup)]).filter(([, item]) => item !== NO_VALUE),
  );
}

function evaluate(name: string, argument: unknown, lookup: Lookup): unknown {
  switch (name) {
    case 'Ref':
      return argument === 'AWS::NoValue' ? NO_VALUE : attribute(String(argument), 'ref', lookup);
    case 'Fn::GetAtt': {
      const [logicalId = '', ...path] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
      return attribute(logicalId, path.join('.'), lookup);
    }
    case 'Fn::Join': {
      const [separator, parts] = list(name, resolve(argument, lookup));
      return list(name, parts).join(String(separator));
    }
    case 'Fn::Split': {
      const [separator, text] = list(name, resolve(argument, lookup));
      return String(text).split(String(separator));
    }
    case 'Fn::Select': {
      const [index, values] = list(name, resolve(argument, lookup));
      return list(name, values)[Number(index)];
    }
    case 'Fn::Sub': {
      const [template, own] = typeof argument === 'string' ? [argument, {}] : list(name, resolve(argument, lookup));
      const variables = new Map(Object.entries(typeof own === 'object' && own !== null ? own : {}));
      return String(template).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, reference: string) => {
        if (literal) return `\${${reference}}`;
        if (variables.has(reference)) return String(variables.get(reference));
        const [logicalId = '', ...path] = reference.split('.');
        return attribute(logicalId, path.join('.') || 'ref', lookup);
      });
    }
    default:
      throw new StartError(`The stack uses ${name}, which the one-machine runner does not evaluate.`);
  }
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

function list(name: string, value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new StartError(`The stack's ${name} has no list for an argument.`);
  return value;
}
