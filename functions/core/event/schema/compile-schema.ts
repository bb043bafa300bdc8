import { isDeeperThan } from '../../json/json-text.ts';
import { compileKeywords, type SchemaCompiler } from './keywords.ts';
import { referenceIndex } from './references.ts';
import { newNode, type SchemaNode } from './schema-node.ts';

export interface CompiledSchema {
  root: SchemaNode;
  /** Whether it asks for what no schema has looked at, which has to be kept then. */
  tracksSeen: boolean;
}

const MAX_DEPTH = 100;
const MAX_NODES = 5_000;
/** Schemas that may look at one value, references followed: two that each refer twice to the next multiply. */
const MAX_EXPANSION = 5_000;

/** Compiles a JSON Schema (2020-12). What cannot be checked in bounded steps is a mistake. */
export function compileSchema(json: unknown): { ok: true; schema: CompiledSchema } | { ok: false; message: string } {
  if (isDeeperThan(json, MAX_DEPTH)) return { ok: false, message: `It is nested deeper than ${MAX_DEPTH} levels.` };
  const messages: string[] = [];
  const report = (pointer: string, message: string): void => {
    messages.push(`${pointer === '' ? 'The schema' : pointer} ${message}`);
  };
  const nodes = new Map<object, SchemaNode>();
  const find = referenceIndex(json);
  let tracksSeen = false;
  const compiler: SchemaCompiler = {
    node(one, pointer) {
      if (typeof one === 'boolean') return newNode(pointer, one);
      if (typeof one !== 'object' || one === null || Array.isArray(one)) {
        report(pointer, 'must be a schema: an object, true or false');
        return newNode(pointer, true);
      }
      const known = nodes.get(one);
      if (known !== undefined) return known;
      const node = newNode(pointer, true);
      nodes.set(one, node);
      if (nodes.size === MAX_NODES + 1) report('', `has more than ${MAX_NODES} schemas`);
      if (nodes.size <= MAX_NODES) compileKeywords(one, node, compiler);
      return node;
    },
    refer(reference, from, pointer) {
      const target = find(reference, from);
      if (target !== undefined) return compiler.node(target, reference);
      report(pointer, `refers to "${reference}", which is not in the schema`);
      return null;
    },
    report,
    trackSeen: () => {
      tracksSeen = true;
    },
  };
  const root = compiler.node(json, '');
  if (messages.length === 0) checkExpansion([root, ...nodes.values()], report);
  const [message] = messages;
  return message === undefined ? { ok: true, schema: { root, tracksSeen } } : { ok: false, message };
}

/** Refuses what never ends, and what multiplies. */
function checkExpansion(nodes: readonly SchemaNode[], report: SchemaCompiler['report']): void {
  const sizes = new Map<SchemaNode, number>();
  const sizeOf = (node: SchemaNode): number => {
    const known = sizes.get(node);
    if (known !== undefined) return known;
    // While it is being measured it counts as endless.
    sizes.set(node, Number.POSITIVE_INFINITY);
    const size = node.inPlace.reduce((sum, inner) => sum + sizeOf(inner), 1);
    sizes.set(node, size);
    return size;
  };
  const worst = Math.max(...nodes.map(sizeOf));
  if (worst === Number.POSITIVE_INFINITY) report('', 'refers to itself without going into the data');
  else if (worst > MAX_EXPANSION)
    report('', `looks at one value ${worst} times, references followed; at most ${MAX_EXPANSION} are allowed`);
}
