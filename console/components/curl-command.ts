import type { SentRequest } from '../api/types.ts';

/** The request as a command for a POSIX shell. */
export function curlCommand({ url, headers, body }: Pick<SentRequest, 'url' | 'headers' | 'body'>): string {
  const lines = Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  return [`curl -X POST ${quote(url)}`, ...lines, `--data-raw ${quote(body)}`].join(' \\\n  ');
}

/** Within single quotes a shell takes everything as it is but the quote itself. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
