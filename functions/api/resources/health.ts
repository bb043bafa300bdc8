import * as z from 'zod';
import { VERSION } from '../../version.ts';
import { routesOf } from '../http/route.ts';

const route = routesOf('Health', 'public');

export const createHealthRoutes = () => [
  route('GET', '/v1/health', {
    id: 'getHealth',
    summary: 'Whether the API answers',
    responses: { 200: { description: 'It does.', schema: z.object({ status: z.literal('ok'), version: z.string() }) } },
    run: async () => ({ status: 200, body: { status: 'ok', version: VERSION } }),
  }),
];
