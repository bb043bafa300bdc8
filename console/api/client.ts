import { toJson } from '../json/json-as-written.ts';

/** What the API says when it refuses (RFC 9457), as documented at /docs. */
export interface ProblemDocument {
  title: string;
  status: number;
  code: string;
  detail: string;
  errors: { path: string; message: string }[];
}

/** A request that was refused, or that got no answer. */
export class ApiProblem extends Error {
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.problem = problem;
  }
}

/** A list's page as every list of the API answers. */
export interface Page<T> {
  data: T[];
  nextCursor: string | null;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** Makes a value of an answer's text; unless it is said, JSON.parse. */
type Read<T> = (text: string) => T;

export interface Api {
  get<T>(path: string, query?: Query, signal?: AbortSignal, read?: Read<T>): Promise<T>;
  /** With the ETag, to give back as `ifMatch` when it is changed. */
  getTagged<T>(path: string, query?: Query, signal?: AbortSignal, read?: Read<T>): Promise<T & { etag: string | null }>;
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Changes what carries an ETag, if it still is what `ifMatch` names; null: whatever it is. */
  patch<T>(path: string, body: unknown, ifMatch: string | null, read?: Read<T>): Promise<T & { etag: string | null }>;
  /** Replaces it, under the same condition. */
  put<T>(path: string, body: unknown, ifMatch: string | null): Promise<T & { etag: string | null }>;
}

/** A path whose ids are escaped: path`/v1/tenants/${tenantId}`. */
export function path(texts: TemplateStringsArray, ...ids: string[]): string {
  return String.raw({ raw: texts }, ...ids.map(encodeURIComponent));
}

/**
 * Calls the API beside the page. `credential` is asked for at each request, so a new token counts from the next one on.
 * Throws an ApiProblem for every answer that is not a success.
 */
export function createApi(credential: () => string | null, onUnauthenticated: () => void): Api {
  async function call(method: string, to: string, query: Query = {}, init: RequestInit = {}) {
    const used = credential();
    const onBroken = (error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw new ApiProblem(UNREACHABLE);
    };
    const response = await fetch(to + searchOf(query), {
      ...init,
      method,
      headers: { ...init.headers, ...(used === null ? {} : { authorization: `Bearer ${used}` }) },
    }).catch(onBroken);
    const text = await response.text().catch(onBroken);
    const isJson = text === '' || response.headers.get('content-type')?.includes('json') === true;
    if (response.ok && isJson) return { text, etag: response.headers.get('etag') };
    if (response.status === 401 && used === credential()) onUnauthenticated();
    throw new ApiProblem(readProblem(response.status, text));
  }
  async function change(method: 'PATCH' | 'PUT', to: string, body: unknown, ifMatch: string | null, read = parse) {
    const { headers, ...init } = initOf(body);
    const condition = ifMatch === null ? {} : { 'if-match': ifMatch };
    const { text, etag } = await call(method, to, {}, { ...init, headers: { ...headers, ...condition } });
    return { ...read(text), etag };
  }
  // Two clicks can come before the page shows that the first one works: what is asked for twice in a moment is asked once.
  const underWay = new Map<string, Promise<string>>();
  function sendOnce(method: string, to: string, body: unknown): Promise<string> {
    const init = initOf(body);
    const request = `${method} ${to} ${init.body ?? ''}`;
    const sent = underWay.get(request) ?? call(method, to, {}, init).then(({ text }) => text);
    underWay.set(request, sent);
    return sent.finally(() => underWay.delete(request));
  }
  return {
    get: async (to, query, signal, read = parse) => read((await call('GET', to, query, signal ? { signal } : {})).text),
    async getTagged(to, query, signal, read = parse) {
      const { text, etag } = await call('GET', to, query, signal ? { signal } : {});
      return { ...read(text), etag };
    },
    send: async (method, to, body) => parse(await sendOnce(method, to, body)),
    patch: (to, body, ifMatch, read) => change('PATCH', to, body, ifMatch, read),
    put: (to, body, ifMatch) => change('PUT', to, body, ifMatch),
  };
}

const parse = (text: string) => (text === '' ? undefined : JSON.parse(text));

function initOf(body: unknown): { headers: Record<string, string>; body?: string } {
  return body === undefined ? { headers: {} } : { headers: { 'content-type': 'application/json' }, body: toJson(body) };
}

function searchOf(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

const UNREACHABLE: ProblemDocument = { title: '', status: 0, code: 'unreachable', detail: '', errors: [] };

/** What is no problem document came from API Gateway (too many requests, function too slow), or from what stands before it. */
function readProblem(status: number, text: string): ProblemDocument {
  try {
    const problem: Partial<ProblemDocument> = JSON.parse(text);
    if (typeof problem.code === 'string' && typeof problem.detail === 'string')
      return { ...UNREACHABLE, ...problem, status };
  } catch {
    // Not JSON: said below by its status.
  }
  return { ...UNREACHABLE, status, code: status === 429 || status >= 500 ? 'gateway' : 'foreign' };
}
