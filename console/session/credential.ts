/*
 * The key or token that the page works with. It comes in the fragment, which never reaches a server, and is kept for this tab
 * alone.
 */
const STORED = 'posthorn.credential';

/** Takes key, token and language out of the fragment, and the fragment out of the address bar. */
export function takeFragment(): { credential: string | null; language: string | null } {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const credential = fragment.get('token') ?? fragment.get('key');
  if (credential !== null) {
    keepCredential(credential);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return { credential, language: fragment.get('lang') };
}

/** Null if there is none, or if the browser keeps nothing for a page in a frame. */
export function keptCredential(): string | null {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export function keepCredential(credential: string | null): void {
  try {
    if (credential === null) sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, credential);
  } catch {
    // Then a reload asks for it again.
  }
}
