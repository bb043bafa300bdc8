import type { FieldError } from './field-error.ts';

/** Why the domain does not do what it was asked to do: a closed set, which the API maps to its problems. */
export const REFUSAL_CODES = [
  'invalid_request',
  'forbidden',
  'not_found',
  'conflict',
  'precondition_failed',
  'limit_reached',
  'unavailable',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** An expected outcome: the request was understood and is refused. Nothing was changed. Returned, never thrown. */
export class Refusal {
  readonly code: RefusalCode;
  /** For the person who made the request; it says what to do next. */
  readonly message: string;
  readonly errors: readonly FieldError[];
  /** Null if the same request has no better chance later. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: RefusalCode,
    message: string,
    errors: readonly FieldError[] = [],
    retryAfterSeconds: number | null = null,
  ) {
    this.code = code;
    this.message = message;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function invalidFields(errors: readonly FieldError[]): Refusal {
  return new Refusal('invalid_request', 'Correct the fields that are listed, then send the request again.', errors);
}

export function invalidField(path: string, message: string): Refusal {
  return invalidFields([{ path, message }]);
}

export function notFound(what: string): Refusal {
  return new Refusal('not_found', `There is no such ${what}.`);
}

/** Another request wrote the same thing in between; the same request can succeed a moment later. */
export function changedMeanwhile(): Refusal {
  return new Refusal('conflict', 'It was changed at the same moment. Send the request again.', [], 1);
}
