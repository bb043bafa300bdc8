import { useState } from 'react';
import { useSearchParams } from 'wouter';

export interface Filters<Name extends string> {
  values: Record<Name, string | null>;
  cursor: string | null;
  isFiltered: boolean;
  /** The key of the controls: those that keep what is typed begin anew. */
  clearings: number;
  set: (name: Name, value: string | null) => void;
  clear: () => void;
}

/** What a list is filtered by. It stands in the address bar; a change of it leads back to the first page. */
export function useFilters<const Name extends string>(names: readonly Name[]): Filters<Name> {
  const [params, setParams] = useSearchParams();
  const [clearings, setClearings] = useState(0);
  return {
    values: Object.fromEntries(names.map((name) => [name, params.get(name)])) as Record<Name, string | null>,
    cursor: params.get('cursor'),
    isFiltered: names.some((name) => params.has(name)),
    clearings,
    set: (name: Name, value: string | null) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          next.delete('cursor');
          if (value === null || value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    clear: () => {
      setParams((before) => {
        const next = new URLSearchParams(before);
        for (const name of [...names, 'cursor']) next.delete(name);
        return next;
      });
      setClearings(clearings + 1);
    },
  };
}
