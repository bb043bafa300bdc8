import type { ReceivedRequest } from './log.ts';
import type { Verdict } from './verify.ts';

export interface PageEntry {
  request: ReceivedRequest;
  verdict: Verdict;
}

export interface PagePath {
  path: string;
  total: number;
}

/** The receiver's page: the paths, and the newest requests. All that came from outside is escaped. */
export function renderPage(paths: PagePath[], selected: string | undefined, entries: PageEntry[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="3">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Posthorn receiver</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1c1e21; }
  nav a { margin-right: 1rem; } nav a[aria-current] { font-weight: 600; }
  article { border: 1px solid #d0d4da; border-radius: 6px; margin: 1rem 0; padding: .75rem 1rem; }
  pre { background: #f4f5f7; margin: .5rem 0 0; max-height: 20rem; overflow: auto; padding: .5rem; white-space: pre-wrap; word-break: break-all; }
  .true { color: #17693a; } .false { color: #b3261e; font-weight: 600; } .null { color: #6b6f76; }
</style>
<h1>Posthorn receiver</h1>
<nav><a href="/"${selected === undefined ? ' aria-current="page"' : ''}>All</a>${paths.map((path) => renderPath(path, selected)).join('')}</nav>
${entries.length === 0 ? '<p>Nothing has arrived yet. Subscribe any path of this address.</p>' : entries.map(renderEntry).join('\n')}
</html>
`;
}

function renderPath({ path, total }: PagePath, selected: string | undefined): string {
  const current = path === selected ? ' aria-current="page"' : '';
  return `<a href="/?path=${escapeHtml(encodeURIComponent(path))}"${current}>${escapeHtml(path)} (${total})</a>`;
}

function renderEntry({ request, verdict }: PageEntry): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const word =
    verdict.verified === null ? 'not verified' : verdict.verified ? 'signature holds' : 'signature does not hold';
  return `<article>
<strong>${escapeHtml(request.method)} ${escapeHtml(request.path + request.query)}</strong>
answered ${request.status ?? 'nothing yet'}, ${new Date(request.receivedAt).toISOString()}
<div class="${verdict.verified}">${word}: ${escapeHtml(verdict.reason)}</div>
<pre>${escapeHtml(request.body)}</pre>
<details><summary>Headers</summary><pre>${escapeHtml(headers.join('\n'))}</pre></details>
</article>`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
