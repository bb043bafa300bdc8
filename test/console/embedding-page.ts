import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page of another origin: it shows what the address's `show` names in a frame, and keeps the messages that it is sent. */
export async function startEmbeddingPage() {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>A product</title><script>
      const heard = [];
      addEventListener('message', ({ source, origin, data }) => heard.push({ isFramed: source === frames[0], origin, data }));
      for (const url of new URLSearchParams(location.search).getAll('show')) {
        const frame = document.createElement('iframe');
        frame.src = url;
        frame.width = 900;
        frame.height = 700;
        document.documentElement.append(frame);
      }
    </script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    /** The address at which it shows these. */
    showing: (...urls: string[]) => `${origin}/?${urls.map((url) => `show=${encodeURIComponent(url)}`).join('&')}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
