import { aroundBody, joined, lines, plainQuoted, snakeCase, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function rubySnippet(plan: VerificationPlan): string {
  const { header, inputs, content, prefix, encoding, keyFormat, separator } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, plainQuoted, snakeCase, ' + ');
  // As bytes: texts of different encodings do not go together.
  const bytes = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? [] : [`(${all}).b`];
  };
  const signed = [...bytes(before), ...(hasBody ? ['body.b'] : []), ...bytes(after)].join(' + ');
  const encoded = {
    hex: "digest.unpack1('H*')",
    HEX: "digest.unpack1('H*').upcase",
    base64: "[digest].pack('m0')",
    base64url: "[digest].pack('m0').tr('+/', '-_')",
  }[encoding];
  const expected = [text(prefix), encoded].filter((one) => one !== null).join(' + ');
  return lines(
    "require 'openssl'",
    '',
    "SECRET = ENV.fetch('WEBHOOK_SECRET')",
    '',
    '# headers: of the request, as Rails has them: request.headers',
    '# body: its raw body, before any JSON parser: request.raw_post',
    'def genuine?(headers, body)',
    `  signature = headers[${plainQuoted(header)}].to_s`,
    ...inputs.map(({ name, header: from, pattern }) =>
      pattern === null
        ? `  ${snakeCase(name)} = headers[${plainQuoted(from)}].to_s`
        : `  ${snakeCase(name)} = signature[/${pattern}/, 1].to_s`,
    ),
    `  return false if [${[...inputs.map(({ name }) => snakeCase(name)), 'signature'].join(', ')}].include?('')`,
    ...inputs.map(({ name, isTimestamp }) =>
      isTimestamp ? `  return false if (Time.now.to_i - ${snakeCase(name)}.to_i).abs > ${TOLERANCE_SECONDS}` : null,
    ),
    '',
    keyFormat === 'whsec' ? "  key = SECRET.delete_prefix('whsec_').unpack1('m')" : '  key = SECRET',
    `  digest = OpenSSL::HMAC.digest('SHA256', key, ${signed})`,
    `  expected = ${expected}`,
    separator === null
      ? '  OpenSSL.secure_compare(signature, expected)'
      : `  signature.split(${plainQuoted(separator)}).any? { |one| OpenSSL.secure_compare(one, expected) }`,
    'end',
    '',
  );
}
