import { aroundBody, joined, lines, singleQuoted, snakeCase, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function pythonSnippet(plan: VerificationPlan): string {
  const { algorithm, header, inputs, content, prefix, encoding, keyFormat } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, singleQuoted, snakeCase, ' + ');
  const bytes = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? [] : [`(${all}).encode()`];
  };
  const signed = [...bytes(before), ...(hasBody ? ['body'] : []), ...bytes(after)].join(' + ');
  const isPublic = algorithm === 'ed25519';
  const lead = text(prefix);
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const usesBase64 = isPublic || keyFormat === 'whsec' || encoding.startsWith('base64');
  const usesPattern = inputs.some(({ pattern }) => pattern !== null);
  return lines(
    usesBase64 ? 'import base64' : null,
    ...(isPublic ? [] : ['import hashlib', 'import hmac']),
    'import os',
    usesPattern ? 'import re' : null,
    timestamp ? 'import time' : null,
    ...(isPublic
      ? [
          '',
          '# pip install cryptography',
          'from cryptography.exceptions import InvalidSignature',
          'from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey',
        ]
      : []),
    '',
    isPublic ? "PUBLIC_KEY = os.environ['WEBHOOK_PUBLIC_KEY']" : "SECRET = os.environ['WEBHOOK_SECRET']",
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
    ...(isPublic ? publicKeyCheck(signed, lead, plan) : secretCheck(signed, lead, plan)),
    '',
  );
}

function secretCheck(signed: string, prefix: string | null, { encoding, keyFormat, separator }: VerificationPlan) {
  const digest = {
    hex: 'digest.hex()',
    HEX: 'digest.hex().upper()',
    base64: 'base64.b64encode(digest).decode()',
    base64url: 'base64.urlsafe_b64encode(digest).decode()',
  }[encoding];
  return [
    keyFormat === 'whsec' ? "    key = base64.b64decode(SECRET[len('whsec_'):])" : '    key = SECRET.encode()',
    `    digest = hmac.new(key, ${signed}, hashlib.sha256).digest()`,
    `    expected = (${prefix === null ? digest : `${prefix} + ${digest}`}).encode()`,
    separator === null
      ? '    return hmac.compare_digest(signature.encode(), expected)'
      : `    return any(hmac.compare_digest(one.encode(), expected) for one in signature.split(${singleQuoted(separator)}))`,
  ];
}

function publicKeyCheck(signed: string, prefix: string | null, { encoding, separator }: VerificationPlan) {
  const decode = {
    hex: 'bytes.fromhex',
    HEX: 'bytes.fromhex',
    base64: 'base64.b64decode',
    base64url: 'base64.urlsafe_b64decode',
  }[encoding];
  return [
    "    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC_KEY[len('whpk_'):]))",
    `    signed = ${signed}`,
    prefix === null ? null : `    prefix = ${prefix}`,
    '',
    '    def fits(text: str) -> bool:',
    ...(prefix === null ? [] : ['        if not text.startswith(prefix):', '            return False']),
    '        try:',
    `            key.verify(${decode}(${prefix === null ? 'text' : 'text[len(prefix):]'}), signed)`,
    '            return True',
    '        except (InvalidSignature, ValueError):',
    '            return False',
    '',
    separator === null
      ? '    return fits(signature)'
      : `    return any(fits(one) for one in signature.split(${singleQuoted(separator)}))`,
  ];
}
