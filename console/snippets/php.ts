import { aroundBody, joined, lines, plainQuoted, snakeCase, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function phpSnippet(plan: VerificationPlan): string {
  const { algorithm, header, inputs, content, prefix, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const variable = (words: readonly string[]) => `$${snakeCase(words)}`;
  const text = (parts: readonly Part[]) => joined(parts, plainQuoted, variable, ' . ');
  const signed = [text(before), hasBody ? '$body' : null, text(after)].filter((one) => one !== null).join(' . ');
  const isPublic = algorithm === 'ed25519';
  const lead = text(prefix);
  const fits = (one: string) => (isPublic ? `$fits(${one})` : `hash_equals($expected, ${one})`);
  return lines(
    '<?php',
    '',
    '/**',
    ' * @param array $headers of the request: getallheaders()',
    " * @param string $body its raw body, before any JSON parser: file_get_contents('php://input')",
    ' */',
    'function is_genuine(array $headers, string $body): bool',
    '{',
    isPublic
      ? "    $publicKey = getenv('WEBHOOK_PUBLIC_KEY') ?: throw new RuntimeException('WEBHOOK_PUBLIC_KEY is not set.');"
      : "    $secret = getenv('WEBHOOK_SECRET') ?: throw new RuntimeException('WEBHOOK_SECRET is not set.');",
    '    $headers = array_change_key_case($headers);',
    `    $signature = $headers[${plainQuoted(header.toLowerCase())}] ?? '';`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `    ${variable(name)} = $headers[${plainQuoted(from.toLowerCase())}] ?? '';`
        : `    ${variable(name)} = preg_match(${plainQuoted(`/${pattern}/`)}, $signature, $found) ? $found[1] : '';`,
    ),
    `    if (in_array('', [${[...inputs.map(({ name }) => variable(name)), '$signature'].join(', ')}], true)) {`,
    '        return false;',
    '    }',
    ...inputs.map(({ name, isTimestamp }) =>
      isTimestamp
        ? lines(
            `    if (!ctype_digit(${variable(name)}) || abs(time() - (int) ${variable(name)}) > ${TOLERANCE_SECONDS}) {`,
            '        return false;',
            '    }',
          )
        : null,
    ),
    ...(isPublic ? publicKeyCheck(signed, lead, plan) : secretCheck(signed, lead, plan)),
    ...(separator === null
      ? [`    return ${fits('$signature')};`]
      : [
          `    foreach (explode(${plainQuoted(separator)}, $signature) as $one) {`,
          `        if (${fits('$one')}) {`,
          '            return true;',
          '        }',
          '    }',
          '    return false;',
        ]),
    '}',
    '',
  );
}

function secretCheck(signed: string, prefix: string | null, { encoding, keyFormat }: VerificationPlan) {
  const digest = {
    hex: 'bin2hex($digest)',
    HEX: 'strtoupper(bin2hex($digest))',
    base64: 'base64_encode($digest)',
    base64url: "strtr(base64_encode($digest), '+/', '-_')",
  }[encoding];
  return [
    keyFormat === 'whsec' ? "    $key = base64_decode(substr($secret, strlen('whsec_')));" : '    $key = $secret;',
    `    $digest = hash_hmac('sha256', ${signed}, $key, true);`,
    `    $expected = ${prefix === null ? digest : `${prefix} . ${digest}`};`,
  ];
}

function publicKeyCheck(signed: string, prefix: string | null, { encoding }: VerificationPlan) {
  const text = prefix === null ? '$text' : 'substr($text, strlen($prefix))';
  const given = {
    hex: `(string) @hex2bin(${text})`,
    HEX: `(string) @hex2bin(${text})`,
    base64: `base64_decode(${text})`,
    base64url: `base64_decode(strtr(${text}, '-_', '+/'))`,
  }[encoding];
  return [
    "    $key = base64_decode(substr($publicKey, strlen('whpk_')));",
    `    $signed = ${signed};`,
    prefix === null ? null : `    $prefix = ${prefix};`,
    `    $fits = function (string $text) use ($key, $signed${prefix === null ? '' : ', $prefix'}): bool {`,
    ...(prefix === null
      ? []
      : ['        if (!str_starts_with($text, $prefix)) {', '            return false;', '        }']),
    `        $given = ${given};`,
    '        return strlen($given) === SODIUM_CRYPTO_SIGN_BYTES && sodium_crypto_sign_verify_detached($given, $signed, $key);',
    '    };',
  ];
}
