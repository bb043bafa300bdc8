import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';

/** Options of the commands that call the API. */
export const API_OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  state: { type: 'string' },
} as const;

export const API_USAGE = `  --url URL     the API's address (default: the running npm start's)
  --key KEY     the admin key (default: the running npm start's; with --url POSTHORN_ADMIN_KEY)
  --state DIR   where npm start keeps its state (.posthorn)`;

/** Calls the API with JSON text. Throws an Error that says what is wrong. */
export type Call = (method: string, path: string, body?: string) => Promise<unknown>;

interface Target {
  url?: string | undefined;
  key?: string | undefined;
  state?: string | undefined;
}

const Endpoints = z.object({ apiUrl: z.string(), adminKey: z.string() });
const Problem = z.object({ detail: z.string(), errors: z.array(z.object({ path: z.string(), message: z.string() })) });

export function createApiClient(options: Target): Call {
  const { apiUrl, adminKey } = targetOf(options);
  return async (method, path, body) => {
    const answer = await fetch(`${apiUrl}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    }).catch((error: Error) => {
      throw new Error(
        `No answer from ${apiUrl}: ${error.cause instanceof Error ? error.cause.message : error.message}`,
      );
    });
    const json = await readJson(apiUrl, answer);
    if (answer.ok) return json;
    const problem = Problem.safeParse(json);
    const lines = problem.success
      ? [problem.data.detail, ...problem.data.errors.map(({ path: at, message }) => `  ${at} ${message}`)]
      : [JSON.stringify(json)];
    throw new Error(lines.join('\n'));
  };
}

/** What stands before the API may answer in its place, and not in JSON. */
async function readJson(apiUrl: string, answer: Response): Promise<unknown> {
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${apiUrl} answered ${answer.status} with what is no JSON: ${text.slice(0, 300)}`);
  }
}

/** An address without a key, or a variable of the shell that is empty, must not turn a command upon another deployment. */
function targetOf({ url, key, state }: Target): z.infer<typeof Endpoints> {
  if (key === '') throw new Error('--key must not be empty.');
  if (url !== undefined) {
    if (!/^https?:\/\/./.test(url))
      throw new Error(`--url must be the address of an API, but is ${JSON.stringify(url)}.`);
    const adminKey = key ?? process.env.POSTHORN_ADMIN_KEY;
    if (!adminKey) throw new Error('--url needs a key: give --key, or POSTHORN_ADMIN_KEY in the environment.');
    // npm start prints the address with the version behind, and so it is pasted.
    return { apiUrl: url.replace(/\/+(v1\/*)?$/, ''), adminKey };
  }
  const running = readEndpoints(resolve(state ?? '.posthorn', 'endpoints.json'));
  return { ...running, adminKey: key ?? running.adminKey };
}

function readEndpoints(file: string): z.infer<typeof Endpoints> {
  try {
    return Endpoints.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Error(`Nothing runs whose endpoints are in ${file}. Run npm start first, or give --url and --key.`);
  }
}
