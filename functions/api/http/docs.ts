import { readFile } from 'node:fs/promises';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { openApiDocument } from './openapi.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

/** Swagger UI's own files; the bundling puts them beside the function's code, so that they cost its start nothing. */
const FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Posthorn API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/v1/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
});
`;

/** Nothing but the page's own files may run or be called. Swagger UI styles itself in place and draws with data: images. */
const SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The pages about the API, with their routes. */
export function createDocsRoutes(routes: readonly Route[]) {
  let openApi: string | undefined;
  return [
    {
      method: 'GET' as const,
      path: '/v1/openapi.json',
      handler: async () => {
        openApi ??= JSON.stringify(openApiDocument(routes));
        return file('application/json', openApi);
      },
    },
    { method: 'GET' as const, path: '/docs', handler: async () => file('text/html; charset=utf-8', PAGE) },
    {
      method: 'GET' as const,
      path: '/docs/{asset}',
      handler: async (event: APIGatewayProxyEventV2) => {
        const asset = event.pathParameters?.asset ?? '';
        if (asset === 'start.js') return file('text/javascript; charset=utf-8', START);
        const type = Object.hasOwn(FILES, asset) ? FILES[asset] : undefined;
        if (type === undefined) throw new Problem('not_found', 'The documentation has no such file.');
        return file(type, await readFile(new URL(`./docs/${asset}`, import.meta.url), 'utf8'));
      },
    },
  ];
}

function file(type: string, body: string): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: 200,
    headers: { 'content-type': type, 'cache-control': 'max-age=300', 'content-security-policy': SECURITY_POLICY },
    body,
  };
}
