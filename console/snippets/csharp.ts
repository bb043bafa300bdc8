import { aroundBody, camelCase, doubleQuoted, joined, lines, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

/** Null for ed25519, which neither .NET nor Mono has. */
export function csharpSnippet(plan: VerificationPlan): string | null {
  const { algorithm, header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  if (algorithm === 'ed25519') return null;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, doubleQuoted, camelCase, ' + ');
  const bytes = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? [] : [`Encoding.UTF8.GetBytes(${all})`];
  };
  const [first = 'body', ...others] = [...bytes(before), ...(hasBody ? ['body'] : []), ...bytes(after)];
  const signed = others.length === 0 ? first : `${first}${others.map((one) => `.Concat(${one})`).join('')}.ToArray()`;
  const encoded = {
    hex: 'BitConverter.ToString(digest).Replace("-", "").ToLowerInvariant()',
    HEX: 'BitConverter.ToString(digest).Replace("-", "")',
    base64: 'Convert.ToBase64String(digest)',
    base64url: "Convert.ToBase64String(digest).Replace('+', '-').Replace('/', '_')",
  }[encoding];
  const expected = [text(prefix), encoded].filter((one) => one !== null).join(' + ');
  const timestamp = inputs.find(({ isTimestamp }) => isTimestamp);
  const empty = [...inputs.map(({ name }) => camelCase(name)), 'signature'].map(
    (name) => `string.IsNullOrEmpty(${name})`,
  );
  return lines(
    'using System;',
    others.length > 0 || separator !== null ? 'using System.Linq;' : null,
    'using System.Security.Cryptography;',
    'using System.Text;',
    inputs.some(({ pattern }) => pattern !== null) ? 'using System.Text.RegularExpressions;' : null,
    '',
    'public static class WebhookSignature',
    '{',
    '    private static readonly string Secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET");',
    '',
    '    /// <param name="header">gives a header by its name: name => Request.Headers[name]</param>',
    '    /// <param name="body">the raw body, before any JSON parser</param>',
    '    public static bool IsGenuine(Func<string, string> header, byte[] body)',
    '    {',
    `        string signature = header(${doubleQuoted(header)});`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `        string ${camelCase(name)} = header(${doubleQuoted(from)});`
        : `        string ${camelCase(name)} = Regex.Match(signature ?? "", ${doubleQuoted(pattern)}).Groups[1].Value;`,
    ),
    `        if (${empty.join(' || ')}) return false;`,
    timestamp
      ? lines(
          `        if (!long.TryParse(${camelCase(timestamp.name)}, out long seconds)) return false;`,
          `        if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) > ${TOLERANCE_SECONDS}) return false;`,
        )
      : null,
    keyFormat === 'whsec'
      ? '        byte[] key = Convert.FromBase64String(Secret.Substring("whsec_".Length));'
      : '        byte[] key = Encoding.UTF8.GetBytes(Secret);',
    '        byte[] digest;',
    `        using (var hmac = new HMACSHA256(key)) digest = hmac.ComputeHash(${signed});`,
    `        byte[] expected = Encoding.UTF8.GetBytes(${expected});`,
    separator === null
      ? '        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected);'
      : lines(
          `        return signature.Split(new[] { ${doubleQuoted(separator)} }, StringSplitOptions.None)`,
          '            .Any(one => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), expected));',
        ),
    '    }',
    '}',
    '',
  );
}
