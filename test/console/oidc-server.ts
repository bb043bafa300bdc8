import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** A free port of this machine, for what must be known before it is listened on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * A company's OIDC provider on this machine: oidc-provider with its own pages for signing in, where a login is the name of
 * the one group that the person is in.
 */
export async function startOidcServer(clientId: string, redirectUri: string) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
    ],
    claims: { openid: ['sub', 'groups'], email: ['email'] },
    // Many providers put them into the ID token, this one only if it is told to.
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: `${id}@example.com`, groups: [id] }),
    }),
    pkce: { required: () => true },
    clientBasedCORS: () => true,
    cookies: { keys: ['of a test'] },
    ttl: { IdToken: 3_600, Session: 3_600, Interaction: 3_600, Grant: 3_600, AccessToken: 3_600 },
  });
  const server = await new Promise<ReturnType<Provider['listen']>>((resolve) => {
    const listening = provider.listen(port, '127.0.0.1', () => resolve(listening));
  });
  return {
    issuer,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
