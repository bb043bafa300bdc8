import { aroundBody, ED25519_SPKI_PREFIX, joined, lines, plainQuoted, snakeCase, TOLERANCE_SECONDS } from './parts.ts';
import type { Part, VerificationPlan } from './verification-plan.ts';

export function rubySnippet(plan: VerificationPlan): string {
  const { algorithm, header, inputs, content, prefix } = plan;
  const { before, hasBody, after } = aroundBody(content);
  const text = (parts: readonly Part[]) => joined(parts, plainQuoted, snakeCase, ' + ');
  // As bytes: texts of different encodings do not go together.
  const bytes = (parts: readonly Part[]) => {
    const all = text(parts);
    return all === null ? [] : [`(${all}).b`];
  };
  const signed = [...bytes(before), ...(hasBody ? ['body.b'] : []), ...bytes(after)].join(' + ');
  const isPublic = algorithm === 'ed25519';
  const lead = text(prefix);
  return lines(
    "require 'openssl'",
    '',
    isPublic ? "PUBLIC_KEY = ENV.fetch('WEBHOOK_PUBLIC_KEY')" : "SECRET = ENV.fetch('WEBHOOK_SECRET')",
    '',
    '# headers: of the request, as Rails has them: request.headers',
    '# body: its raw body, before any JSON parser: request.raw_post',
    'def genuine?(headers, body)',
    // As bytes: a sender may put anything there, and texts that are no texts raise errors.
    `  signature = headers[${plainQuoted(header)}].to_s.b`,
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
    ...(isPublic ? publicKeyCheck(signed, lead, plan) : secretCheck(signed, lead, plan)),
    'end',
    '',
  );
}

function secretCheck(signed: string, prefix: string | null, { encoding, keyFormat, separator }: VerificationPlan) {
  const digest = {
    hex: "digest.unpack1('H*')",
    HEX: "digest.unpack1('H*').upcase",
    base64: "[digest].pack('m0')",
    base64url: "[digest].pack('m0').tr('+/', '-_')",
  }[encoding];
  return [
    keyFormat === 'whsec' ? "  key = SECRET.delete_prefix('whsec_').unpack1('m')" : '  key = SECRET',
    `  digest = OpenSSL::HMAC.digest('SHA256', key, ${signed})`,
    `  expected = ${prefix === null ? digest : `${prefix} + ${digest}`}`,
    separator === null
      ? '  OpenSSL.secure_compare(signature, expected)'
      : `  signature.split(${plainQuoted(separator)}).any? { |one| OpenSSL.secure_compare(one, expected) }`,
  ];
}

/** Ed25519 takes no digest. */
function publicKeyCheck(signed: string, prefix: string | null, { encoding, separator }: VerificationPlan) {
  const text = prefix === null ? 'text' : 'text.delete_prefix(prefix)';
  const given = {
    hex: `[${text}].pack('H*')`,
    HEX: `[${text}].pack('H*')`,
    base64: `${text}.unpack1('m')`,
    base64url: `${text}.tr('-_', '+/').unpack1('m')`,
  }[encoding];
  const isOurs = prefix === null ? '' : 'text.start_with?(prefix) && ';
  return [
    `  key = OpenSSL::PKey.read("${ED25519_SPKI_PREFIX}#{PUBLIC_KEY.delete_prefix('whpk_')}".unpack1('m'))`,
    `  signed = ${signed}`,
    prefix === null ? null : `  prefix = ${prefix}`,
    `  fits = ->(text) { ${isOurs}key.verify(nil, ${given}, signed) }`,
    separator === null ? '  fits.(signature)' : `  signature.split(${plainQuoted(separator)}).any?(&fits)`,
  ];
}
