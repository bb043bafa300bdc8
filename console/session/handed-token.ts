import { useEffect } from 'react';

/** `{"type": "posthorn.token", "token": "pht_…"}`, posted by the page that holds this one in a frame. */
export function useHandedToken(allowedOrigins: readonly string[] | undefined, onToken: (token: string) => void): void {
  useEffect(() => {
    if (allowedOrigins === undefined || parent === window) return;
    const take = ({ source, origin, data }: MessageEvent) => {
      if (source !== parent || !allowedOrigins.some((allowed) => isSameOrigin(allowed, origin))) return;
      if (data?.type === 'posthorn.token' && typeof data.token === 'string') onToken(data.token);
    };
    addEventListener('message', take);
    return () => removeEventListener('message', take);
  }, [allowedOrigins, onToken]);
}

/** As frame-ancestors matches: `https://*.example.com` stands for every host below example.com. */
function isSameOrigin(allowed: string, origin: string): boolean {
  const [scheme = '', host = ''] = allowed.split('://');
  if (!host.startsWith('*.')) return allowed === origin;
  return origin.startsWith(`${scheme}://`) && origin.endsWith(host.slice(1));
}
