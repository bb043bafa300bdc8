import type { Endpoints } from '../local/state.ts';

/**
 * Calls the API of a running Posthorn with its admin key, and gives what the answer's JSON holds; null if it has no body.
 * @param path from `/v1` on
 * @throws what was answered, unless that was a success
 */
export async function callApi(
  { apiUrl, adminKey }: Pick<Endpoints, 'apiUrl' | 'adminKey'>,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}
