import type { Route } from './api.ts';

export interface Match {
  route: Route;
  pathParameters: Record<string, string>;
}

/**
 * Finds the route of a request by its decoded path. API Gateway takes the most specific: a literal segment before
 * `{name}`, that before `{name+}`, and a method before `ANY`. `{name+}` may be empty, after a slash: API Gateway takes no route
 * that ends with one, and hands `/path/` to that of `/path/{name+}` (https://github.com/storacha/w3infra/pull/166).
 */
export function createRouter(routes: Route[]): (method: string, path: string) => Match | undefined {
  const candidates = routes
    .map((route) => {
      const [method = '', path = ''] = route.routeKey.split(' ');
      const segments = path.split('/').slice(1).map(readSegment);
      const rank = [...segments.map(({ vagueness }) => vagueness), method === 'ANY' ? 1 : 0].join('');
      return { route, method, rank, pattern: new RegExp(`^/${segments.map(({ source }) => source).join('/')}$`, 's') };
    })
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));

  return (method, path) => {
    const fitting = candidates.filter((one) => one.method === 'ANY' || one.method === method);
    for (const { route, pattern } of fitting) {
      const found = pattern.exec(path);
      if (found) return { route, pathParameters: { ...found.groups } };
    }
    return undefined;
  };
}

function readSegment(segment: string): { source: string; vagueness: number } {
  const [, name, greedy] = /^\{(\w+)(\+?)\}$/.exec(segment) ?? [];
  if (name === undefined) return { source: RegExp.escape(segment), vagueness: 0 };
  return greedy ? { source: `(?<${name}>.*)`, vagueness: 2 } : { source: `(?<${name}>[^/]+)`, vagueness: 1 };
}
