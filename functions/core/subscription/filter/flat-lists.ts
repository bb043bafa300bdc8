import { isObject, isScalar, type Scalar } from './condition.ts';

/** The items of a list and of the lists in it, in their order, apart by what filters ask of them. */
export interface FlatList {
  scalars: readonly Scalar[];
  objects: readonly Record<string, unknown>[];
}

/** The lists of one event, each made flat once, however many filters and parts of filters look at it. */
export class FlatLists {
  private readonly known = new Map<readonly unknown[], FlatList>();

  of(list: readonly unknown[]): FlatList {
    const known = this.known.get(list);
    if (known !== undefined) return known;
    const flat = flatten(list);
    this.known.set(list, flat);
    return flat;
  }
}

function flatten(list: readonly unknown[]): FlatList {
  // Mostly a list is flat, and of one kind: it needs no copy.
  if (list.every(isObject)) return { scalars: [], objects: list };
  if (list.every(isScalar)) return { scalars: list, objects: [] };
  const scalars: Scalar[] = [];
  const objects: Record<string, unknown>[] = [];
  // Not flat(Infinity): it recurses, and throws on lists that JSON.parse can read.
  const stack: unknown[] = [list];
  while (stack.length > 0) {
    const top = stack.pop();
    if (isScalar(top)) scalars.push(top);
    else if (isObject(top)) objects.push(top);
    else if (Array.isArray(top)) for (let index = top.length - 1; index >= 0; index--) stack.push(top[index]);
  }
  return { scalars, objects };
}
