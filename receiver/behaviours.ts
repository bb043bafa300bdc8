import { z } from 'zod';

const response = z.strictObject({
  status: z.number().int().min(200).max(599).optional(),
  /** Before anything is answered. */
  delayMs: z.number().int().min(0).max(600_000).optional(),
  /** The header Retry-After: seconds, or an HTTP date. */
  retryAfter: z.union([z.number().int().min(0), z.string().min(1)]).optional(),
  /** Never answers; the sender has to give up. */
  hang: z.boolean().optional(),
  headers: z.record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is no header name'), z.string()).optional(),
  body: z.string().optional(),
});
export type PlannedResponse = z.output<typeof response>;

const behaviour = z
  .strictObject({
    responses: z.array(response).max(1_000).default([]),
    // biome-ignore lint/suspicious/noThenProperty: never awaited, and no function
    then: response.optional(),
  })
  .refine(({ responses, then }) => responses.length > 0 || then, 'needs "responses" or "then"');
export type Behaviour = z.output<typeof behaviour>;

const DEFAULT: PlannedResponse = { status: 200 };

/** How each path answers. */
export class Behaviours {
  readonly #paths = new Map<string, { plan: Behaviour; next: number }>();

  /** @returns what is wrong with it, or undefined */
  set(path: string, input: unknown): string | undefined {
    const parsed = behaviour.safeParse(input);
    if (!parsed.success) {
      return parsed.error.issues
        .map((issue) => `${issue.path.map((part) => `/${String(part)}`).join('') || 'body'}: ${issue.message}`)
        .join('; ');
    }
    this.#paths.set(path, { plan: parsed.data, next: 0 });
    return undefined;
  }

  get(path: string): Behaviour {
    return this.#paths.get(path)?.plan ?? { responses: [DEFAULT] };
  }

  reset(path: string): void {
    this.#paths.delete(path);
  }

  /** The next answer of the sequence; after it `then`, or else its last again. */
  next(path: string): PlannedResponse {
    const entry = this.#paths.get(path);
    if (!entry) return DEFAULT;
    const { responses, then } = entry.plan;
    const planned = responses[entry.next] ?? then ?? responses.at(-1) ?? DEFAULT;
    entry.next++;
    return planned;
  }
}
