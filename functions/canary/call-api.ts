import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';

export interface ApiAnswer {
  status: number;
  text: string;
}

/** Calls the HTTP API as any of its users does. Rejects if there is no answer in time. */
export type CallApi = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  key: string,
  body?: unknown,
) => Promise<ApiAnswer>;

const TIMEOUT_MS = 10_000;

export function createCallApi(apiUrl: string): CallApi {
  return (method, path, key, body) =>
    new Promise((resolve, reject) => {
      const url = new URL(`${apiUrl}${path}`);
      const send = url.protocol === 'https:' ? requestTls : requestPlain;
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const request = send(url, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => void chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
