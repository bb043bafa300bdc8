import { aroundBody, joined, lines, singleQuoted, snakeCase, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function pythonSnippet(plan: VerificationPlan): string {
  const { header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, singleQuoted, snakeCase, ' + ');
  const bytes = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? [] : [`(${all}).encode()`];
  };
  const signed = [...bytes(before), ...(hasBody ? ['body'] : []), ...bytes(after)].join(' + ');
  const encoded = {
    hex: 'digest.hex()',
    HEX: 'digest.hex().upper()',
    base64: 'base64.b64encode(digest).decode()',
    base64url: 'base64.urlsafe_b64encode(digest).decode()',
  }[encoding];
  const expected = [text(prefix), encoded].filter((one) => one !== null).join(' + ');
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const usesBase64 = keyFormat === 'whsec' || encoding.startsWith('base64');
  const usesPattern = inputs.some(({ pattern }) => pattern !== null);
  return lines(
    usesBase64 ? 'import base64' : null,
    'import hashlib',
    'import hmac',
    'import os',
    usesPattern ? 'import re' : null,
    timestamp ? 'import time' : null,
    '',
    "SECRET = os.environ['WEBHOOK_SECRET']",
    '',
    '',
    'def is_genuine(headers, body: bytes) -> bool:',
    '    """headers: as Flask, Django or http.server have them',
    '    body: the raw bytes, before any JSON parser"""',
    `    signature = headers.get(${singleQuoted(header)}) or ''`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `    ${snakeCase(name)} = headers.get(${singleQuoted(from)}) or ''`
        : lines(
            `    found = re.match(${singleQuoted(pattern)}, signature)`,
            `    ${snakeCase(name)} = found.group(1) if found else ''`,
          ),
    ),
    `    if not (${[...inputs.map(({ name }) => snakeCase(name)), 'signature'].join(' and ')}):`,
    '        return False',
    timestamp
      ? lines(
          `    if not ${snakeCase(timestamp.name)}.isdecimal() or abs(time.time() - int(${snakeCase(timestamp.name)})) > ${TOLERANCE_SECONDS}:`,
          '        return False',
        )
      : null,
    keyFormat === 'whsec' ? "    key = base64.b64decode(SECRET[len('whsec_'):])" : '    key = SECRET.encode()',
    `    digest = hmac.new(key, ${signed}, hashlib.sha256).digest()`,
    `    expected = (${expected}).encode()`,
    separator === null
      ? '    return hmac.compare_digest(signature.encode(), expected)'
      : `    return any(hmac.compare_digest(one.encode(), expected) for one in signature.split(${singleQuoted(separator)}))`,
    '',
  );
}
