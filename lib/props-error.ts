import type { z } from 'zod';

/** Props, or settings of the app, of which no stack can be made: its message is what to change. */
export class PropsError extends Error {
  override readonly name = 'PropsError';
}

/** Where one of several forms is meant, what is wrong within it; else that it is none of them. */
function explained(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const within =
    issue.code === 'invalid_union'
      ? issue.errors.find((branch) => branch.some(({ path }) => path.length > 0))
      : undefined;
  return within?.map((one) => ({ ...one, path: [...issue.path, ...one.path] })) ?? [issue];
}

/** Throws a PropsError that names each wrong value. */
export function parseOrExplain<T extends z.ZodType>(schema: T, input: unknown): z.infer<T> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.flatMap(explained).map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `${[...issue.path, issue.keys.join(', ')].join('.')}: there is no such setting`;
    const given = issue.code === 'custom' ? '' : `, but is ${JSON.stringify(issue.input)}`;
    return `${issue.path.join('.')}: ${issue.message}${given}`;
  });
  throw new PropsError(
    `Posthorn cannot be built with these settings:\n${lines.map((line) => `  - ${line}`).join('\n')}`,
  );
}
