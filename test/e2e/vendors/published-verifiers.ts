import { spawnSync } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** What a receiver has in its hands. */
export interface Case {
  secret: string;
  body: string;
  signature: string;
}
type Verifier = (cases: readonly Case[]) => boolean[];

const hasPython = spawnSync('python3', ['--version']).status === 0;

function python(file: string): Verifier {
  const path = fileURLToPath(new URL(`samples/${file}`, import.meta.url));
  return (cases) => {
    const { stdout, stderr, status } = spawnSync('python3', [path], { input: JSON.stringify(cases), encoding: 'utf8' });
    if (status !== 0) throw new Error(`python3 ${file} ended with ${status}: ${stderr}`);
    return z.array(z.boolean()).parse(JSON.parse(stdout));
  };
}

const secureCompare = (a: string, b: string) =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** PeopleForce's Ruby, line by line: the published line stands above what it became. */
function peopleForceRuby({ secret, body, signature }: Case): boolean {
  // secret_key = ENV['WEBHOOK_SECRET']
  const secretKey = secret;
  // computed_signature = 'sha256=' + OpenSSL::HMAC.hexdigest(OpenSSL::Digest.new('sha256'), secret_key, payload_body)
  const computedSignature = `sha256=${createHmac('sha256', secretKey).update(body).digest('hex')}`;
  // unless Rack::Utils.secure_compare(computed_signature, signature_header)
  if (!secureCompare(computedSignature, signature)) {
    // return halt 500, "Signatures didn't match!"
    return false;
  }
  // end
  return true;
}

/** PeopleForce's Python, line by line, for where there is none. */
function peopleForcePython({ secret, body, signature }: Case): boolean {
  // secret_token = os.getenv('WEBHOOK_SECRET')
  const secretToken = secret;
  // if not signature_header: raise HTTPException(status_code=403, detail="Missing signature header!")
  if (signature === '') return false;
  // hash_object = hmac.new(key=secret_token.encode('utf-8'), msg=payload_body.encode('utf-8'), digestmod=hashlib.sha256)
  const hashObject = createHmac('sha256', Buffer.from(secretToken, 'utf8')).update(Buffer.from(body, 'utf8'));
  // expected_signature = 'sha256=' + hash_object.hexdigest()
  const expectedSignature = `sha256=${hashObject.digest('hex')}`;
  // if not hmac.compare_digest(expected_signature, signature_header): raise HTTPException(…)
  return secureCompare(expectedSignature, signature);
}

/** Bindbee's documented recipe: base64.urlsafe_b64encode(HMAC-SHA256(key, raw body)), padding kept. */
function bindbeeRecipe({ secret, body, signature }: Case): boolean {
  const base64 = createHmac('sha256', secret).update(body).digest('base64');
  return secureCompare(base64.replaceAll('+', '-').replaceAll('/', '_'), signature);
}

/** KeyPay: sha256 of the payload with HMAC and the secret, in hexadecimal after "sha256=". */
export function keyPayRecipe({ secret, body, signature }: Case): boolean {
  return secureCompare(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`, signature);
}

const each =
  (verify: (one: Case) => boolean): Verifier =>
  (cases) =>
    cases.map(verify);

export const PEOPLEFORCE_VERIFIERS: [string, Verifier][] = [
  ['Ruby, translated', each(peopleForceRuby)],
  ['Python, translated', each(peopleForcePython)],
  ...(hasPython ? ([['Python', python('peopleforce.py')]] satisfies [string, Verifier][]) : []),
];
export const BINDBEE_VERIFIERS: [string, Verifier][] = [
  ['the recipe', each(bindbeeRecipe)],
  ...(hasPython ? ([['Python', python('bindbee.py')]] satisfies [string, Verifier][]) : []),
];

/** The case with one character of the body, or of the signature, replaced: each of them must be refused. */
export function tampered({ secret, body, signature }: Case): Case[] {
  const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
  const places = [0, Math.floor(body.length / 2), body.length - 1];
  return [
    ...places.map((at) => ({ secret, signature, body: flip(body, at) })),
    { secret, signature, body: `${body}\n` },
    { secret, body, signature: flip(signature, signature.length - 2) },
    { secret: `${secret}x`, body, signature },
  ];
}
