import * as z from 'zod';
import { VERSION } from '../../version.ts';
import { routesOf } from '../http/route.ts';

const route = routesOf('Health', 'public');

const Health = z.object({
  status: z.literal('ok'),
  version: z.string(),
  commit: z.string().meta({ description: 'Of the source that was deployed, if that was told.' }),
});

export const createHealthRoutes = ({ commit }: { commit: string }) => [
  route('GET', '/v1/health', {
    id: 'getHealth',
    summary: 'Whether the API answers, and which release it is',
    responses: { 200: { description: 'It does.', schema: Health } },
    run: async () => ({ status: 200, body: { status: 'ok', version: VERSION, commit } }),
  }),
];
