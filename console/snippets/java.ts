import { aroundBody, camelCase, doubleQuoted, ED25519_SPKI_PREFIX, joined, lines, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function javaSnippet(plan: VerificationPlan): string {
  const { algorithm, header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, doubleQuoted, camelCase, ' + ');
  const isPublic = algorithm === 'ed25519';
  const signed = [text(before), hasBody ? 'body' : null, text(after)].filter((one) => one !== null);
  const lead = text(prefix);
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const usesPattern = inputs.some(({ pattern }) => pattern !== null);
  const hasText = signed.some((one) => one !== 'body');
  const imports = [
    isPublic && !hasText ? null : 'java.nio.charset.StandardCharsets',
    'java.security.GeneralSecurityException',
    ...(isPublic
      ? [
          'java.security.KeyFactory',
          'java.security.PublicKey',
          'java.security.Signature',
          'java.security.SignatureException',
        ]
      : ['java.security.MessageDigest']),
    isPublic ? 'java.security.spec.X509EncodedKeySpec' : null,
    isPublic || keyFormat === 'whsec' || encoding.startsWith('base64') ? 'java.util.Base64' : null,
    encoding.startsWith('base64') ? null : 'java.util.HexFormat',
    isPublic && separator === null ? 'java.util.List' : null,
    'java.util.function.UnaryOperator',
    usesPattern || separator !== null ? 'java.util.regex.Pattern' : null,
    ...(isPublic ? [] : ['javax.crypto.Mac', 'javax.crypto.spec.SecretKeySpec']),
  ].filter((one) => one !== null);
  const empty = [...inputs.map(({ name }) => camelCase(name)), 'signature'].map((name) => `${name} == null`);
  return lines(
    ...imports.map((name) => `import ${name};`),
    '',
    'public final class WebhookSignature {',
    isPublic
      ? '    private static final String PUBLIC_KEY = System.getenv("WEBHOOK_PUBLIC_KEY");'
      : '    private static final String SECRET = System.getenv("WEBHOOK_SECRET");',
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
    ...(isPublic ? publicKeyCheck(signed, lead, plan) : secretCheck(signed, lead, plan)),
    '    }',
    '}',
    '',
  );
}

const bytes = (expression: string) =>
  expression === 'body' ? expression : `(${expression}).getBytes(StandardCharsets.UTF_8)`;

function secretCheck(
  signed: readonly string[],
  prefix: string | null,
  { encoding, keyFormat, separator }: VerificationPlan,
) {
  const digest = {
    hex: 'HexFormat.of().formatHex(mac.doFinal())',
    HEX: 'HexFormat.of().withUpperCase().formatHex(mac.doFinal())',
    base64: 'Base64.getEncoder().encodeToString(mac.doFinal())',
    base64url: 'Base64.getUrlEncoder().encodeToString(mac.doFinal())',
  }[encoding];
  return [
    keyFormat === 'whsec'
      ? '        byte[] key = Base64.getDecoder().decode(SECRET.substring("whsec_".length()));'
      : '        byte[] key = SECRET.getBytes(StandardCharsets.UTF_8);',
    '        Mac mac = Mac.getInstance("HmacSHA256");',
    '        mac.init(new SecretKeySpec(key, "HmacSHA256"));',
    ...signed.map((one) => `        mac.update(${bytes(one)});`),
    `        byte[] expected = ${bytes(prefix === null ? digest : `${prefix} + ${digest}`)};`,
    separator === null
      ? '        return MessageDigest.isEqual(signature.getBytes(StandardCharsets.UTF_8), expected);'
      : lines(
          `        for (String one : signature.split(Pattern.quote(${doubleQuoted(separator)}))) {`,
          '            if (MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), expected)) return true;',
          '        }',
          '        return false;',
        ),
  ];
}

function publicKeyCheck(signed: readonly string[], prefix: string | null, { encoding, separator }: VerificationPlan) {
  const decode = {
    hex: 'HexFormat.of().parseHex',
    HEX: 'HexFormat.of().parseHex',
    base64: 'Base64.getDecoder().decode',
    base64url: 'Base64.getUrlDecoder().decode',
  }[encoding];
  const all = separator === null ? 'List.of(signature)' : `signature.split(Pattern.quote(${doubleQuoted(separator)}))`;
  return [
    '        // What stands before a key of Ed25519 in the form that Java reads, then the key.',
    `        String spki = ${doubleQuoted(ED25519_SPKI_PREFIX)} + PUBLIC_KEY.substring("whpk_".length());`,
    '        PublicKey key = KeyFactory.getInstance("Ed25519")',
    '            .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(spki)));',
    prefix === null ? null : `        String prefix = ${prefix};`,
    `        for (String one : ${all}) {`,
    prefix === null ? null : '            if (!one.startsWith(prefix)) continue;',
    '            Signature verifier = Signature.getInstance("Ed25519");',
    '            verifier.initVerify(key);',
    ...signed.map((one) => `            verifier.update(${bytes(one)});`),
    '            try {',
    `                if (verifier.verify(${decode}(${prefix === null ? 'one' : 'one.substring(prefix.length())'}))) return true;`,
    '            } catch (IllegalArgumentException | SignatureException malformed) {',
    '                // Another one may fit.',
    '            }',
    '        }',
    '        return false;',
  ];
}
