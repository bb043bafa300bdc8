import { aroundBody, joined, lines, plainQuoted, snakeCase, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function phpSnippet(plan: VerificationPlan): string {
  const { header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const variable = (words: readonly string[]) => `$${snakeCase(words)}`;
  const text = (parts: readonly Part[]) => joined(parts, plainQuoted, variable, ' . ');
  const signed = [text(before), hasBody ? '$body' : null, text(after)].filter((one) => one !== null).join(' . ');
  const encoded = {
    hex: 'bin2hex($digest)',
    HEX: 'strtoupper(bin2hex($digest))',
    base64: 'base64_encode($digest)',
    base64url: "strtr(base64_encode($digest), '+/', '-_')",
  }[encoding];
  const expected = [text(prefix), encoded].filter((one) => one !== null).join(' . ');
  return lines(
    '<?php',
    '',
    '/**',
    ' * @param array $headers of the request: getallheaders()',
    " * @param string $body its raw body, before any JSON parser: file_get_contents('php://input')",
    ' */',
    'function is_genuine(array $headers, string $body): bool',
    '{',
    "    $secret = getenv('WEBHOOK_SECRET') ?: throw new RuntimeException('WEBHOOK_SECRET is not set.');",
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
    keyFormat === 'whsec' ? "    $key = base64_decode(substr($secret, strlen('whsec_')));" : '    $key = $secret;',
    `    $digest = hash_hmac('sha256', ${signed}, $key, true);`,
    `    $expected = ${expected};`,
    ...(separator === null
      ? ['    return hash_equals($expected, $signature);']
      : [
          `    foreach (explode(${plainQuoted(separator)}, $signature) as $one) {`,
          '        if (hash_equals($expected, $one)) {',
          '            return true;',
          '        }',
          '    }',
          '    return false;',
        ]),
    '}',
    '',
  );
}
