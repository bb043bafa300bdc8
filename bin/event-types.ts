import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';

const USAGE = `Usage: npm run event-types -- list
       npm run event-types -- load NAME      one that Posthorn brings (list names them)
       npm run event-types -- load FILE.json one of your own, in the form of functions/vendors/*/event-types.json

  --url URL     the API's address (default: the running npm start's)
  --key KEY     the admin key (default: the running npm start's, or POSTHORN_ADMIN_KEY)
  --state DIR   where npm start keeps its state (.posthorn)`;

const Endpoints = z.object({ apiUrl: z.string(), adminKey: z.string() });
const Problem = z.object({ detail: z.string(), errors: z.array(z.object({ path: z.string(), message: z.string() })) });

/** Loads event types into a running Posthorn. Loading twice changes nothing. */
async function main(): Promise<string> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command, name] = positionals;
  if (values.help) return USAGE;
  const { apiUrl, adminKey } = target(values);
  const call = async (method: string, path: string, body?: string): Promise<unknown> => {
    const answer = await fetch(`${apiUrl}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const json: unknown = await answer.json();
    if (answer.ok) return json;
    const problem = Problem.safeParse(json);
    const lines = problem.success
      ? [problem.data.detail, ...problem.data.errors.map(({ path: at, message }) => `  ${at} ${message}`)]
      : [JSON.stringify(json)];
    throw new Error(lines.join('\n'));
  };
  if (command === 'list') return JSON.stringify(await call('GET', '/event-type-packs'), null, 2);
  if (command !== 'load' || name === undefined) throw new Error(USAGE);
  const done = name.endsWith('.json')
    ? await call('POST', '/event-type-packs', readFileSync(name, 'utf8'))
    : await call('POST', `/event-type-packs/${encodeURIComponent(name)}/load`);
  return JSON.stringify(done);
}

function target({
  url,
  key,
  state,
}: {
  url?: string | undefined;
  key?: string | undefined;
  state?: string | undefined;
}): z.infer<typeof Endpoints> {
  const givenKey = key ?? process.env.POSTHORN_ADMIN_KEY;
  if (url !== undefined && givenKey !== undefined) return { apiUrl: url.replace(/\/+$/, ''), adminKey: givenKey };
  const file = resolve(state ?? '.posthorn', 'endpoints.json');
  try {
    return Endpoints.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Error(`Nothing runs whose endpoints are in ${file}. Run npm start first, or give --url and --key.`);
  }
}

try {
  console.log(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
