import { aroundBody, camelCase, joined, lines, singleQuoted, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function nodeSnippet(plan: VerificationPlan): string {
  const { header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, singleQuoted, camelCase, ' + ');
  const updates = [text(before), hasBody ? 'body' : null, text(after)].flatMap((one) =>
    one === null ? [] : [`.update(${one})`],
  );
  const digest = {
    hex: "hmac.digest('hex')",
    HEX: "hmac.digest('hex').toUpperCase()",
    base64: "hmac.digest('base64')",
    base64url: "hmac.digest('base64').replaceAll('+', '-').replaceAll('/', '_')",
  }[encoding];
  const expected = [text(prefix), digest].filter((one) => one !== null).join(' + ');
  const names = [...inputs.map(({ name }) => camelCase(name)), 'signature'];
  return lines(
    "import { createHmac, timingSafeEqual } from 'node:crypto';",
    '',
    'const secret = process.env.WEBHOOK_SECRET;',
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
    keyFormat === 'whsec'
      ? "  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');"
      : '  const key = Buffer.from(secret);',
    `  const hmac = createHmac('sha256', key)${updates.join('')};`,
    `  const expected = Buffer.from(${expected});`,
    '  const fits = (text) => {',
    '    const given = Buffer.from(text);',
    '    return given.length === expected.length && timingSafeEqual(given, expected);',
    '  };',
    separator === null
      ? '  return fits(signature);'
      : `  return signature.split(${singleQuoted(separator)}).some(fits);`,
    '}',
    '',
  );
}
