import type { FieldError } from '../../core/field-error.ts';

/** Every error code of the API, with its status and title. */
export const PROBLEMS = {
  malformed_request: { status: 400, title: 'The request cannot be read' },
  unauthenticated: { status: 401, title: 'A valid key is required' },
  forbidden: { status: 403, title: 'This key may not do that' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'Conflict' },
  limit_reached: { status: 409, title: 'A limit is reached' },
  answer_not_kept: { status: 409, title: 'The first answer is not kept' },
  precondition_failed: { status: 412, title: 'It has changed since it was read' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  invalid_request: { status: 422, title: 'Fields of the request are wrong' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Posthorn failed' },
  unavailable: { status: 503, title: 'Posthorn cannot do that right now' },
} as const;
export type ProblemCode = keyof typeof PROBLEMS;

/** An expected failure of a request; the handler turns it into an RFC 9457 problem document. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | null;
  /** For the header Allow. */
  readonly allowedMethods: readonly string[];

  constructor(
    code: ProblemCode,
    detail: string,
    errors: readonly FieldError[] = [],
    retryAfterSeconds: number | null = null,
    allowedMethods: readonly string[] = [],
  ) {
    super(detail);
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
    this.allowedMethods = allowedMethods;
  }
}

export function invalid(errors: readonly FieldError[]): Problem {
  return new Problem('invalid_request', 'Correct the fields that are listed, then send the request again.', errors);
}

export function notFound(what: string): Problem {
  return new Problem('not_found', `There is no such ${what}.`);
}

/** What was looked for, if it is there. */
export function existing<T>(what: string, value: T | null): T {
  if (value === null) throw notFound(what);
  return value;
}

export function methodNotAllowed(method: string, allowed: readonly string[]): Problem {
  const detail = `This path does not take ${method}. It takes ${allowed.join(', ')}.`;
  return new Problem('method_not_allowed', detail, [], null, allowed);
}
