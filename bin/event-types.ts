import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { API_OPTIONS, API_USAGE, createApiClient } from './api-client.ts';

const USAGE = `Usage: npm run event-types -- list
       npm run event-types -- load NAME      one that Posthorn brings (list names them)
       npm run event-types -- load FILE.json one of your own, in the form of functions/vendors/*/event-types.json

${API_USAGE}`;

/** Loads event types into a running Posthorn. Loading twice changes nothing. */
async function main(): Promise<string> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ...API_OPTIONS, help: { type: 'boolean', short: 'h' } },
  });
  const [command, name, ...others] = positionals;
  if (values.help) return USAGE;
  if (others.length > 0 || (name === undefined ? command !== 'list' : command !== 'load')) throw new Error(USAGE);
  const call = createApiClient(values);
  if (name === undefined) return JSON.stringify(await call('GET', '/event-type-packs'), null, 2);
  const done = name.endsWith('.json')
    ? await call('POST', '/event-type-packs', readFileSync(name, 'utf8'))
    : await call('POST', `/event-type-packs/${encodeURIComponent(name)}/load`);
  return JSON.stringify(done);
}

try {
  console.log(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
