import * as z from 'zod';

const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        security: z.array(z.record(z.string(), z.array(z.string()))),
        responses: z.record(
          z.string(),
          z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() }),
        ),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

export interface RealAnswer {
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  contentType: string | null;
  text: string;
}

/**
 * Holds real answers against the OpenAPI document that the system itself publishes: each client call of these tests passes
 * through here, so an answer that the document does not describe fails whichever test sees it.
 */
export class Contract {
  readonly #document: z.infer<typeof Document>;
  readonly #schemas = new Map<string, z.ZodType>();
  /** `GET /v1/tenants 200` and so on: what has been seen. */
  readonly seen = new Set<string>();

  constructor(document: unknown) {
    this.#document = Document.parse(document);
  }

  /** Every operation with every status that it documents, problems aside. */
  documented(): string[] {
    return Object.entries(this.#document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.entries(responses)
          .filter(([, { content }]) => content?.['application/problem+json'] === undefined)
          .map(([status]) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
  }

  /** With what each needs of its caller's key, as `tenant:read`; null: no key. */
  operations(): { method: string; path: string; needs: string | null }[] {
    return Object.entries(this.#document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path,
        needs: security[0]?.key?.[0] ?? null,
      })),
    );
  }

  /** Throws if the document does not describe the answer. Paths that it does not have are none of its business. */
  check({ method, path, status, contentType, text }: RealAnswer): void {
    const template = Object.keys(this.#document.paths).find((one) => pathPattern(one).test(path));
    const operation = template === undefined ? undefined : this.#document.paths[template]?.[method.toLowerCase()];
    if (template === undefined || operation === undefined) return;
    const name = `${method} ${template} ${status}`;
    const response = operation.responses[status];
    if (response === undefined) throw new Error(`${name} is not documented: ${text}`);
    const { content } = response;
    if (content === undefined) {
      if (text !== '') throw new Error(`${name} is documented without a body, but has one: ${text}`);
    } else {
      const [type, { schema }] = Object.entries(content)[0] ?? ['', { schema: {} }];
      if (contentType !== type) throw new Error(`${name} is documented as ${type}, but is ${contentType}: ${text}`);
      const parsed = this.#schema(`${template} ${method} ${status}`, schema).safeParse(JSON.parse(text));
      if (!parsed.success)
        throw new Error(`${name} is not as documented: ${z.prettifyError(parsed.error)}\n${text.slice(0, 2_000)}`);
    }
    this.seen.add(name);
  }

  #schema(name: string, schema: unknown): z.ZodType {
    const known = this.#schemas.get(name);
    if (known !== undefined) return known;
    const whole = { ...z.record(z.string(), z.unknown()).parse(schema), $defs: this.#document.components.schemas };
    const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
    const made = z.fromJSONSchema(JSON.parse(text));
    this.#schemas.set(name, made);
    return made;
  }
}

function pathPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`);
}
