import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import aws4 from 'aws4';

/** Signs a request, whose headers it adds to. Without credentials given those of the environment count. */
export type Sign = (request: aws4.Request, credentials: aws4.Credentials | undefined) => aws4.Request;

/**
 * aws4, which keeps its key of the day as a key object here: with the key's bytes `createHmac` takes 20 µs more, half of a signature's
 * CPU (44 against 19 µs for a body of 2.5 KB).
 */
export function createSigner(): Sign {
  let kept: { of: string; key: KeyObject } | null = null;

  class Signer extends aws4.RequestSigner {
    override signature(): string {
      const parts = [this.getDate(), this.region, this.service, 'aws4_request'];
      const { secretAccessKey = '' } = this.credentials;
      const of = [secretAccessKey, ...parts].join(' ');
      if (kept?.of !== of) kept = { of, key: deriveKey(secretAccessKey, parts) };
      return createHmac('sha256', kept.key).update(this.stringToSign()).digest('hex');
    }
  }
  return (request, credentials) => new Signer(request, credentials).sign();
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, step 3. */
function deriveKey(secret: string, parts: readonly string[]): KeyObject {
  let key = Buffer.from(`AWS4${secret}`);
  for (const part of parts) key = createHmac('sha256', key).update(part).digest();
  return createSecretKey(key);
}
