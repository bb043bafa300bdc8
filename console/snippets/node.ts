import { aroundBody, camelCase, joined, lines, singleQuoted, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function nodeSnippet(plan: VerificationPlan): string {
  const { algorithm, header, inputs, content, prefix, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, singleQuoted, camelCase, ' + ');
  const isPublic = algorithm === 'ed25519';
  const lead = text(prefix);
  const signed = [text(before), hasBody ? 'body' : null, text(after)].filter((one) => one !== null);
  const names = [...inputs.map(({ name }) => camelCase(name)), 'signature'];
  return lines(
    isPublic
      ? "import { createPublicKey, verify } from 'node:crypto';"
      : "import { createHmac, timingSafeEqual } from 'node:crypto';",
    '',
    isPublic ? 'const publicKey = process.env.WEBHOOK_PUBLIC_KEY;' : 'const secret = process.env.WEBHOOK_SECRET;',
    '',
    '/**',
    ' * @param headers as Node has them: request.headers',
    ' * @param body the raw body as a Buffer, before any JSON parser',
    ' */',
    'export function isGenuine(headers, body) {',
    `  const signature = headers[${singleQuoted(header.toLowerCase())}] ?? '';`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `  const ${camelCase(name)} = headers[${singleQuoted(from.toLowerCase())}] ?? '';`
        : `  const ${camelCase(name)} = /${pattern}/.exec(signature)?.[1] ?? '';`,
    ),
    `  if ([${names.join(', ')}].includes('')) return false;`,
    ...inputs.map(({ name, isTimestamp }) =>
      isTimestamp
        ? `  if (!(Math.abs(Date.now() / 1000 - Number(${camelCase(name)})) <= ${TOLERANCE_SECONDS})) return false;`
        : null,
    ),
    ...(isPublic ? publicKeyCheck(signed, lead, plan) : secretCheck(signed, lead, plan)),
    separator === null
      ? '  return fits(signature);'
      : `  return signature.split(${singleQuoted(separator)}).some(fits);`,
    '}',
    '',
  );
}

function secretCheck(signed: readonly string[], prefix: string | null, { encoding, keyFormat }: VerificationPlan) {
  const digest = {
    hex: "hmac.digest('hex')",
    HEX: "hmac.digest('hex').toUpperCase()",
    base64: "hmac.digest('base64')",
    base64url: "hmac.digest('base64').replaceAll('+', '-').replaceAll('/', '_')",
  }[encoding];
  const expected = prefix === null ? digest : `${prefix} + ${digest}`;
  return [
    keyFormat === 'whsec'
      ? "  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');"
      : '  const key = Buffer.from(secret);',
    `  const hmac = createHmac('sha256', key)${signed.map((one) => `.update(${one})`).join('')};`,
    `  const expected = Buffer.from(${expected});`,
    '  const fits = (text) => {',
    '    const given = Buffer.from(text);',
    '    return given.length === expected.length && timingSafeEqual(given, expected);',
    '  };',
  ];
}

function publicKeyCheck(signed: readonly string[], prefix: string | null, { encoding }: VerificationPlan) {
  const text = prefix === null ? 'text' : 'text.slice(prefix.length)';
  const fits = `verify(null, signed, key, Buffer.from(${text}, '${encoding.toLowerCase()}'))`;
  return [
    "  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');",
    "  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });",
    `  const signed = Buffer.concat([${signed.map((one) => (one === 'body' ? one : `Buffer.from(${one})`)).join(', ')}]);`,
    prefix === null ? null : `  const prefix = ${prefix};`,
    prefix === null
      ? `  const fits = (text) => ${fits};`
      : `  const fits = (text) => text.startsWith(prefix) && ${fits};`,
  ];
}
