import * as z from 'zod';
import { ROLES } from '../../core/access/principal.ts';
import { routesOf } from '../http/route.ts';
import { Timestamp } from '../schemas/values.ts';

const route = routesOf('Access', 'any');

export const CallerView = z
  .object({
    kind: z
      .enum(['key', 'token', 'person'])
      .meta({ description: 'An API key, a portal token, or a person who signed in through the company’s provider.' }),
    id: z.string(),
    name: z.string().nullable(),
    role: z.enum(ROLES),
    tenantId: z.string().nullable().meta({ description: 'The one tenant that it sees; null: all of them.' }),
    expiresAt: Timestamp.nullable(),
  })
  .meta({ id: 'Caller' });

export const createMeRoutes = () => [
  route('GET', '/v1/me', {
    id: 'getCaller',
    summary: 'Who the key or token of this request is, and until when it counts',
    responses: { 200: { description: 'The caller.', schema: CallerView } },
    run: async ({ principal: { endsAt, ...caller } }) => ({
      status: 200,
      body: CallerView.parse({ ...caller, expiresAt: endsAt }),
    }),
  }),
];
