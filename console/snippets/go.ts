import { aroundBody, camelCase, doubleQuoted, joined, lines, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function goSnippet(plan: VerificationPlan): string {
  const { algorithm, header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, doubleQuoted, camelCase, ' + ');
  const isPublic = algorithm === 'ed25519';
  const signed = [text(before), hasBody ? 'body' : null, text(after)].filter((one) => one !== null);
  const lead = text(prefix);
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const packages = [
    ...(isPublic ? ['crypto/ed25519'] : ['crypto/hmac', 'crypto/sha256']),
    isPublic || keyFormat === 'whsec' || encoding.startsWith('base64') ? 'encoding/base64' : null,
    encoding === 'hex' || encoding === 'HEX' ? 'encoding/hex' : null,
    timestamp ? 'math' : null,
    'os',
    inputs.some(({ pattern }) => pattern !== null) ? 'regexp' : null,
    timestamp ? 'strconv' : null,
    isPublic || keyFormat === 'whsec' || encoding === 'HEX' || separator !== null ? 'strings' : null,
    timestamp ? 'time' : null,
  ].filter((one) => one !== null);
  const key = isPublic ? 'publicKey' : 'secret';
  const empty = [...inputs.map(({ name }) => camelCase(name)), 'signature', key].map((name) => `${name} == ""`);
  return lines(
    'package main',
    '',
    'import (',
    ...packages.map((name) => `\t"${name}"`),
    ')',
    '',
    isPublic ? 'var publicKey = os.Getenv("WEBHOOK_PUBLIC_KEY")' : 'var secret = os.Getenv("WEBHOOK_SECRET")',
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
    ...(isPublic ? publicKeyCheck(signed, lead, plan) : secretCheck(signed, lead, plan)),
    '}',
    '',
  );
}

const bytes = (expression: string) => (expression === 'body' ? expression : `[]byte(${expression})`);

function secretCheck(
  signed: readonly string[],
  prefix: string | null,
  { encoding, keyFormat, separator }: VerificationPlan,
) {
  const digest = {
    hex: 'hex.EncodeToString(mac.Sum(nil))',
    HEX: 'strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))',
    base64: 'base64.StdEncoding.EncodeToString(mac.Sum(nil))',
    base64url: 'base64.URLEncoding.EncodeToString(mac.Sum(nil))',
  }[encoding];
  return [
    keyFormat === 'whsec'
      ? lines(
          '\tkey, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))',
          '\tif err != nil {',
          '\t\treturn false',
          '\t}',
        )
      : '\tkey := []byte(secret)',
    '\tmac := hmac.New(sha256.New, key)',
    ...signed.map((one) => `\tmac.Write(${bytes(one)})`),
    `\texpected := []byte(${prefix === null ? digest : `${prefix} + ${digest}`})`,
    ...anySignature(separator, (one) => `hmac.Equal([]byte(${one}), expected)`),
  ];
}

function publicKeyCheck(signed: readonly string[], prefix: string | null, { encoding, separator }: VerificationPlan) {
  const decode = {
    hex: 'hex.DecodeString',
    HEX: 'hex.DecodeString',
    base64: 'base64.StdEncoding.DecodeString',
    base64url: 'base64.URLEncoding.DecodeString',
  }[encoding];
  return [
    '\tkey, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(publicKey, "whpk_"))',
    '\tif err != nil || len(key) != ed25519.PublicKeySize {',
    '\t\treturn false',
    '\t}',
    '\tvar signed []byte',
    ...signed.map((one) => `\tsigned = append(signed, ${bytes(one)}...)`),
    prefix === null ? null : `\tprefix := ${prefix}`,
    '\tfits := func(text string) bool {',
    `\t\tgiven, err := ${decode}(${prefix === null ? 'text' : 'strings.TrimPrefix(text, prefix)'})`,
    `\t\treturn err == nil && ${prefix === null ? '' : 'strings.HasPrefix(text, prefix) && '}ed25519.Verify(key, signed, given)`,
    '\t}',
    ...anySignature(separator, (one) => `fits(${one})`),
  ];
}

function anySignature(separator: string | null, fits: (one: string) => string): string[] {
  if (separator === null) return [`\treturn ${fits('signature')}`];
  return [
    `\tfor _, one := range strings.Split(signature, ${doubleQuoted(separator)}) {`,
    `\t\tif ${fits('one')} {`,
    '\t\t\treturn true',
    '\t\t}',
    '\t}',
    '\treturn false',
  ];
}
