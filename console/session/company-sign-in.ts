import * as oauth from 'oauth4webapi';
import type { ConsoleSettings } from '../api/types.ts';
import { keepCredential } from './credential.ts';

/*
 * Authorization code with PKCE, at the company's own provider. Loaded only where a company has one.
 */
type SignIn = NonNullable<ConsoleSettings['signIn']>;

/** What must be known again when the provider sends the reader back; it is of no use to anyone else. */
interface Begun {
  verifier: string;
  state: string;
  nonce: string;
  /** Where the reader was, below /console. */
  path: string;
}

const STORED = 'posthorn.sign-in';
const redirectUri = () => `${location.origin}/console/signed-in`;

/** Leaves the page for the provider's. */
export async function beginSignIn(signIn: SignIn, path: string): Promise<void> {
  const server = await discover(signIn);
  const begun: Begun = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    path,
  };
  if (server.authorization_endpoint === undefined) throw new Error(`${signIn.issuer} names no authorization endpoint`);
  const url = new URL(server.authorization_endpoint);
  for (const [name, value] of Object.entries({
    client_id: signIn.clientId,
    redirect_uri: redirectUri(),
    response_type: 'code',
    scope: signIn.scope,
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(begun.verifier),
    code_challenge_method: 'S256',
  }))
    url.searchParams.set(name, value);
  sessionStorage.setItem(STORED, JSON.stringify(begun));
  keepCredential(null);
  location.assign(url);
}

/** Takes what the provider sent back. Gives the ID token, by which the API knows the reader, and where the reader was. */
export async function finishSignIn(signIn: SignIn): Promise<{ token: string; path: string }> {
  const kept = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  if (kept === null) throw new Error('it was not begun in this tab');
  const { verifier, state, nonce, path }: Begun = JSON.parse(kept);
  const server = await discover(signIn);
  const client = { client_id: signIn.clientId };
  const answer = oauth.validateAuthResponse(server, client, new URL(location.href), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    answer,
    redirectUri(),
    verifier,
    optionsOf(signIn),
  );
  const { id_token: token } = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  if (token === undefined) throw new Error('the provider gave no ID token');
  return { token, path };
}

async function discover(signIn: SignIn): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(signIn.issuer);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, optionsOf(signIn)));
}

/** In the clear only on this machine, which the synthesis has checked. */
function optionsOf({ issuer }: SignIn) {
  return { [oauth.allowInsecureRequests]: issuer.startsWith('http:') };
}
