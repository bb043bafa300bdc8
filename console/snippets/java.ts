import { aroundBody, camelCase, doubleQuoted, joined, lines, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function javaSnippet(plan: VerificationPlan): string {
  const { header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, doubleQuoted, camelCase, ' + ');
  const update = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? null : `        mac.update((${all}).getBytes(StandardCharsets.UTF_8));`;
  };
  const encoded = {
    hex: 'HexFormat.of().formatHex(mac.doFinal())',
    HEX: 'HexFormat.of().withUpperCase().formatHex(mac.doFinal())',
    base64: 'Base64.getEncoder().encodeToString(mac.doFinal())',
    base64url: 'Base64.getUrlEncoder().encodeToString(mac.doFinal())',
  }[encoding];
  const expected = [text(prefix), encoded].filter((one) => one !== null).join(' + ');
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const usesPattern = inputs.some(({ pattern }) => pattern !== null);
  const imports = [
    'java.nio.charset.StandardCharsets',
    'java.security.GeneralSecurityException',
    'java.security.MessageDigest',
    keyFormat === 'whsec' || encoding.startsWith('base64') ? 'java.util.Base64' : null,
    encoding.startsWith('base64') ? null : 'java.util.HexFormat',
    'java.util.function.UnaryOperator',
    usesPattern || separator !== null ? 'java.util.regex.Pattern' : null,
    'javax.crypto.Mac',
    'javax.crypto.spec.SecretKeySpec',
  ].filter((one) => one !== null);
  const empty = [...inputs.map(({ name }) => camelCase(name)), 'signature'].map((name) => `${name} == null`);
  return lines(
    ...imports.map((name) => `import ${name};`),
    '',
    'public final class WebhookSignature {',
    '    private static final String SECRET = System.getenv("WEBHOOK_SECRET");',
    '',
    '    /**',
    '     * @param header gives a header by its name, null if there is none: request::getHeader',
    '     * @param body the raw body, before any JSON parser',
    '     */',
    '    public static boolean isGenuine(UnaryOperator<String> header, byte[] body) throws GeneralSecurityException {',
    `        String signature = header.apply(${doubleQuoted(header)});`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `        String ${camelCase(name)} = header.apply(${doubleQuoted(from)});`
        : lines(
            `        String ${camelCase(name)} = signature == null ? null : Pattern.compile(${doubleQuoted(pattern)}).matcher(signature)`,
            '            .results().map(found -> found.group(1)).findFirst().orElse(null);',
          ),
    ),
    `        if (${empty.join(' || ')}) return false;`,
    timestamp
      ? lines(
          `        if (!${camelCase(timestamp.name)}.matches("[0-9]{1,15}")) return false;`,
          `        long age = System.currentTimeMillis() / 1000 - Long.parseLong(${camelCase(timestamp.name)});`,
          `        if (Math.abs(age) > ${TOLERANCE_SECONDS}) return false;`,
        )
      : null,
    keyFormat === 'whsec'
      ? '        byte[] key = Base64.getDecoder().decode(SECRET.substring("whsec_".length()));'
      : '        byte[] key = SECRET.getBytes(StandardCharsets.UTF_8);',
    '        Mac mac = Mac.getInstance("HmacSHA256");',
    '        mac.init(new SecretKeySpec(key, "HmacSHA256"));',
    update(before),
    hasBody ? '        mac.update(body);' : null,
    update(after),
    `        byte[] expected = (${expected}).getBytes(StandardCharsets.UTF_8);`,
    separator === null
      ? '        return MessageDigest.isEqual(signature.getBytes(StandardCharsets.UTF_8), expected);'
      : lines(
          `        for (String one : signature.split(Pattern.quote(${doubleQuoted(separator)}))) {`,
          '            if (MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), expected)) return true;',
          '        }',
          '        return false;',
        ),
    '    }',
    '}',
    '',
  );
}
