import { aroundBody, camelCase, doubleQuoted, joined, lines, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function goSnippet(plan: VerificationPlan): string {
  const { header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, doubleQuoted, camelCase, ' + ');
  const write = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? null : `\tmac.Write([]byte(${all}))`;
  };
  const encoded = {
    hex: 'hex.EncodeToString(mac.Sum(nil))',
    HEX: 'strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))',
    base64: 'base64.StdEncoding.EncodeToString(mac.Sum(nil))',
    base64url: 'base64.URLEncoding.EncodeToString(mac.Sum(nil))',
  }[encoding];
  const expected = [text(prefix), encoded].filter((one) => one !== null).join(' + ');
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const packages = [
    'crypto/hmac',
    'crypto/sha256',
    keyFormat === 'whsec' || encoding.startsWith('base64') ? 'encoding/base64' : null,
    encoding === 'hex' || encoding === 'HEX' ? 'encoding/hex' : null,
    timestamp ? 'math' : null,
    'os',
    inputs.some(({ pattern }) => pattern !== null) ? 'regexp' : null,
    timestamp ? 'strconv' : null,
    keyFormat === 'whsec' || encoding === 'HEX' || separator !== null ? 'strings' : null,
    timestamp ? 'time' : null,
  ].filter((one) => one !== null);
  const empty = [...inputs.map(({ name }) => camelCase(name)), 'signature', 'secret'].map((name) => `${name} == ""`);
  return lines(
    'package main',
    '',
    'import (',
    ...packages.map((name) => `\t"${name}"`),
    ')',
    '',
    'var secret = os.Getenv("WEBHOOK_SECRET")',
    '',
    '// IsGenuine takes what gives a header by its name, request.Header.Get, and the raw body, before any JSON parser.',
    'func IsGenuine(header func(string) string, body []byte) bool {',
    `\tsignature := header(${doubleQuoted(header)})`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `\t${camelCase(name)} := header(${doubleQuoted(from)})`
        : lines(
            `\t${camelCase(name)} := ""`,
            `\tif found := regexp.MustCompile(${doubleQuoted(pattern)}).FindStringSubmatch(signature); found != nil {`,
            `\t\t${camelCase(name)} = found[1]`,
            '\t}',
          ),
    ),
    `\tif ${empty.join(' || ')} {`,
    '\t\treturn false',
    '\t}',
    timestamp
      ? lines(
          `\tseconds, err := strconv.ParseInt(${camelCase(timestamp.name)}, 10, 64)`,
          `\tif err != nil || math.Abs(time.Since(time.Unix(seconds, 0)).Seconds()) > ${TOLERANCE_SECONDS} {`,
          '\t\treturn false',
          '\t}',
        )
      : null,
    keyFormat === 'whsec'
      ? lines(
          '\tkey, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))',
          '\tif err != nil {',
          '\t\treturn false',
          '\t}',
        )
      : '\tkey := []byte(secret)',
    '\tmac := hmac.New(sha256.New, key)',
    write(before),
    hasBody ? '\tmac.Write(body)' : null,
    write(after),
    `\texpected := []byte(${expected})`,
    separator === null
      ? '\treturn hmac.Equal([]byte(signature), expected)'
      : lines(
          `\tfor _, one := range strings.Split(signature, ${doubleQuoted(separator)}) {`,
          '\t\tif hmac.Equal([]byte(one), expected) {',
          '\t\t\treturn true',
          '\t\t}',
          '\t}',
          '\treturn false',
        ),
    '}',
    '',
  );
}
