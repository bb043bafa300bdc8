import { ApiProblem } from '../api/client.ts';

/**
 * What a problem document says about a form's fields.
 * @param fields JSON pointers of the fields that the form has, such as /url
 */
export function readFieldErrors(error: unknown, fields: readonly string[]) {
  const errors = error instanceof ApiProblem ? error.problem.errors : [];
  const isIn = (path: string, field: string) => path === field || path.startsWith(`${field}/`);
  return {
    /** Of a field, or of something in it; undefined: it is right. */
    of: (field: string) =>
      errors
        .filter(({ path }) => isIn(path, field))
        .map(({ message }) => message)
        .join(' · ') || undefined,
    /** Whether something is wrong that no field of the form shows. */
    hasOthers:
      error !== null && (errors.length === 0 || errors.some(({ path }) => !fields.some((field) => isIn(path, field)))),
  };
}
