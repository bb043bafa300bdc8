import type { Route } from './api.ts';

export interface Match {
  route: Route;
  pathParameters: Record<string, string>;
}

interface Candidate {
  route: Route;
  method: string;
  segments: string[];
}

/**
 * Finds the route of a request by its decoded path. API Gateway takes the most specific: a literal segment before `{name}`, that before
 * `{name+}`, a method before `ANY`, and `$default` last.
 */
export function createRouter(routes: Route[]): (method: string, path: string) => Match | undefined {
  const fallback = routes.find((route) => route.routeKey === '$default');
  const candidates = routes
    .filter((route) => route.routeKey !== '$default')
    .map((route): Candidate => {
      const [method = '', path = ''] = route.routeKey.split(' ');
      return { route, method, segments: path.split('/').slice(1) };
    })
    .sort(compareSpecificity);

  return (method, path) => {
    const segments = path.split('/').slice(1);
    for (const candidate of candidates) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const pathParameters = matchSegments(candidate.segments, segments);
      if (pathParameters) return { route: candidate.route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
}

function matchSegments(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const greedy = /^\{(.+)\+\}$/.exec(part)?.[1];
    if (greedy !== undefined) {
      const rest = segments.slice(index).join('/');
      if (rest === '') return undefined;
      parameters[greedy] = rest;
      return parameters;
    }
    const segment = segments[index];
    if (segment === undefined) return undefined;
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name !== undefined) {
      if (segment === '') return undefined;
      parameters[name] = segment;
    } else if (part !== segment) return undefined;
  }
  return pattern.length === segments.length ? parameters : undefined;
}

function compareSpecificity(a: Candidate, b: Candidate): number {
  for (let index = 0; index < Math.max(a.segments.length, b.segments.length); index++) {
    const difference = vagueness(a.segments[index]) - vagueness(b.segments[index]);
    if (difference !== 0) return difference;
  }
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

function vagueness(segment: string | undefined): number {
  if (segment === undefined) return 3;
  if (/^\{.+\+\}$/.test(segment)) return 2;
  return /^\{.+\}$/.test(segment) ? 1 : 0;
}
