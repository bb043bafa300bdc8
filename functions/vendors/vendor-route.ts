import * as z from 'zod';
import { invalid, Problem } from '../api/http/problem.ts';
import type { Method, Reveals, Route, RouteInput, RouteResult } from '../api/http/route.ts';
import { type FieldError, fieldErrors } from '../core/field-error.ts';
import { TenantId } from '../core/ids.ts';
import { isObject } from '../core/json/json-value.ts';
import { Refusal } from '../core/refusal.ts';

/** Both vendors' paths begin with the customer, which is our tenant. */
interface TenantParam {
  tenantId: z.ZodType<string>;
}

interface VendorRoute<Params extends z.ZodRawShape> {
  params?: Params;
  needs?: Route['needs'];
  reveals?: Reveals;
  hasBody?: boolean;
  /** What the vendor calls our fields, for the errors that come from behind. */
  fields?: Readonly<Record<string, string>>;
  run: (
    input: RouteInput<z.infer<z.ZodObject<Params & TenantParam>>, Record<string, unknown>, unknown>,
  ) => Promise<RouteResult | Refusal>;
}

/**
 * A route as a vendor's clients know it. It ignores unknown parameters and members, unlike those of /v1. What is wrong
 * with a request is a 400 with one `detail` that names every mistake: such clients show one message.
 */
export function vendorRoute<Params extends z.ZodRawShape = Record<never, never>>(
  method: Method,
  path: string,
  { params, hasBody = false, fields = {}, run, ...said }: VendorRoute<Params>,
): Route {
  const tolerant: VendorRoute<Params>['run'] = async (input) => {
    try {
      const result = await run(input);
      if (result instanceof Refusal && result.code === 'invalid_request') throw badRequest(result, fields);
      return result;
    } catch (error) {
      throw error instanceof Problem && error.code === 'invalid_request' ? badRequest(error, fields) : error;
    }
  };
  return {
    method,
    path,
    id: '',
    summary: '',
    tag: 'Compatibility',
    access: 'tenant',
    needs: said.needs ?? (method === 'GET' ? 'read' : 'change'),
    isChange: method !== 'GET',
    shows: null,
    reveals: () => said.reveals ?? 'nothing',
    params: z.object({ ...params, tenantId: TenantId }),
    query: z.looseObject({}),
    body: hasBody ? z.unknown() : null,
    bodyDocumented: null,
    bodyOptional: false,
    responses: {},
    mayConflict: method !== 'GET',
    conditional: false,
    keepsAnswer: true,
    outlivesTenant: false,
    // The handler parses by these very schemas before it calls.
    run: tolerant as Route['run'],
  };
}

function badRequest({ errors }: Problem | Refusal, fields: Readonly<Record<string, string>>): Problem {
  const named = errors.map(({ path, message }): FieldError => {
    const [, first = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(path) ?? [];
    return { path: path.startsWith('/') ? `/${fields[first] ?? first}${rest}` : path, message };
  });
  const detail = named.map(({ path, message }) => `${path.replace(/^[/?]/, '')}: ${message}`).join('; ');
  return new Problem('malformed_request', `Correct this, then send the request again. ${detail}`, named);
}

/** What was sent, with the members named as the schema has them: ASP.NET binds them whatever their case. */
function nameAsKnown({ shape }: z.ZodObject, sent: object): Record<string, unknown> {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [names.get(name.toLowerCase()) ?? name, value]),
  );
}

/** The members of a body. */
export function readMembers<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, sent: unknown) {
  const members = isObject(sent) ? nameAsKnown(schema, sent) : sent;
  const parsed = schema.safeParse(members);
  if (!parsed.success) throw invalid(fieldErrors(parsed.error, members));
  return parsed.data;
}

/** The parameters of a query, which are named in errors as such. */
export function readQuery<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, sent: Record<string, unknown>) {
  const parameters = nameAsKnown(schema, sent);
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  throw invalid(
    fieldErrors(parsed.error, parameters).map(({ path, message }) => ({ path: path.replace(/^\//, '?'), message })),
  );
}
