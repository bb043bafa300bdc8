import { createHmac } from 'node:crypto';
import { type FieldError, fieldErrors, listErrors } from '../field-error.ts';
import { indentJson, isDeeperThan } from '../json/json-text.ts';
import { escapePointer, pointerKeys, valueAt } from '../json/pointer.ts';
import { type ProfileDocument, ProfileDocument as Schema, type SignatureScheme } from './profile.ts';
import { matchesStatus } from './retry-policy.ts';
import { signatureVersionOf } from './signature-versions.ts';
import { hmacKey, type SigningKey, signEd25519 } from './signing.ts';
import { compileEnvelope, compileText, splitText, type TemplateValues } from './template.ts';
import { MAX_BODY_BYTES, MAX_HEADER_BYTES, worstEnvelopeBytes, worstTextBytes } from './template-size.ts';

/** Keys in the clear, newest first. */
export interface ProfileKeys {
  subscription: readonly SigningKey[];
  tenant: string | null;
}

/** A profile that is ready for use: it cannot fail any more. */
export interface CompiledProfile {
  document: ProfileDocument;
  version: number;
  /** Whether a delivery needs the tenant's signing key. */
  usesTenantKey: boolean;
  /** Exactly what is sent: the body, and the headers that the profile determines. */
  render(values: TemplateValues, keys: ProfileKeys): { body: string; headers: Record<string, string> };
}

export type ProfileCompilation = { ok: true; profile: CompiledProfile } | { ok: false; errors: FieldError[] };

/** Deeper than any profile needs, and shallow enough for whatever walks it by recursion. */
const MAX_DOCUMENT_DEPTH = 50;

/** Checks a document whole. Every mistake is named with its path. */
export function compileProfile(input: unknown, version: number): ProfileCompilation {
  if (isDeeperThan(input, MAX_DOCUMENT_DEPTH))
    return { ok: false, errors: [{ path: '', message: `is nested deeper than ${MAX_DOCUMENT_DEPTH} levels` }] };
  const parsed = Schema.safeParse(input);
  if (!parsed.success) return { ok: false, errors: fieldErrors(parsed.error, input) };
  const document = parsed.data;
  const errors = [
    ...signatureErrors(document),
    ...headerErrors(document),
    ...headerTextErrors(document),
    ...provenanceErrors(document),
    ...responseErrors(document),
    ...breakerErrors(document),
  ];
  // As it was written: zod leaves out members called __proto__.
  const envelope = compileEnvelope(Reflect.get(Object(input), 'envelope'), '/envelope');
  if (!envelope.ok) errors.push(...envelope.errors);
  else errors.push(...sizeErrors({ ...document, envelope: Reflect.get(Object(input), 'envelope') }));
  const headers = Object.entries(document.headers).map(([name, template]) => ({
    name,
    text: compileText(template, `/headers/${name}`),
  }));
  const schemes = document.signatures.map((scheme, index) => ({
    scheme,
    content: compileText(scheme.content, `/signatures/${index}/content`, ['body']),
    prefix: compileText(scheme.prefix, `/signatures/${index}/prefix`),
  }));
  for (const { text } of headers) if (!text.ok) errors.push(...text.errors);
  for (const { content, prefix } of schemes) {
    if (!content.ok) errors.push(...content.errors);
    if (!prefix.ok) errors.push(...prefix.errors);
  }
  if (errors.length > 0 || !envelope.ok) return { ok: false, errors: listErrors(errors) };

  const { style, contentType } = document;
  return {
    ok: true,
    profile: {
      document,
      version,
      usesTenantKey: document.signatures.some(({ key }) => key === 'tenant'),
      render(values, keys) {
        const compact = envelope.render(values);
        const room = MAX_BODY_BYTES - Buffer.byteLength(compact);
        const indented = style.indent === 0 ? null : indentJson(compact, style.indent, NEWLINES[style.newline], room);
        const body = indented ?? compact;
        const rendered: Record<string, string> = { 'content-type': contentType };
        for (const { name, text } of headers) if (text.ok) rendered[name] = headerText(text.render(values, {})).trim();
        for (const { scheme, content, prefix } of schemes) {
          if (!content.ok || !prefix.ok) continue;
          const lead = headerText(prefix.render(values, {}));
          const signatures = sign(scheme, content.render(values, { body }), keys).map((text) => lead + text);
          if (signatures.length === 0) continue;
          const before = Object.hasOwn(rendered, scheme.header) ? [rendered[scheme.header]] : [];
          rendered[scheme.header] = [...before, ...signatures].join(scheme.separator ?? '').trim();
        }
        return { body, headers: rendered };
      },
    },
  };
}

const NEWLINES = { lf: '\n', crlf: '\r\n' };

function sign(scheme: SignatureScheme, content: string, keys: ProfileKeys): string[] {
  const version = signatureVersionOf(scheme);
  const all =
    scheme.key === 'tenant'
      ? keys.tenant === null
        ? []
        : [keys.tenant]
      : keys.subscription.filter((key) => key.version === version).map(({ material }) => material);
  return (scheme.separator === null ? all.slice(0, 1) : all).map((material) =>
    encode(scheme, signBytes(scheme, content, material)),
  );
}

function signBytes({ algorithm, keyFormat }: SignatureScheme, content: string, material: string): Buffer {
  if (algorithm === 'ed25519') return signEd25519(content, material);
  return createHmac('sha256', hmacKey(material, keyFormat)).update(content).digest();
}

function encode({ encoding }: SignatureScheme, bytes: Buffer): string {
  switch (encoding) {
    case 'hex':
    case 'base64':
      return bytes.toString(encoding);
    case 'HEX':
      return bytes.toString('hex').toUpperCase();
    case 'base64url':
      // Padded, as Python's urlsafe_b64encode gives it; Node's own base64url is not.
      return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
    default:
      return encoding satisfies never;
  }
}

/** What a reference brings in may hold anything; a header may hold visible ASCII and blanks. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, '?');
}

const RESERVED_HEADERS = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'accept-encoding',
  'user-agent',
  'authorization',
]);

function headerErrors({ headers, signatures, traceparent }: ProfileDocument): FieldError[] {
  const names = [
    ...Object.keys(headers).map((name) => ({ name, path: `/headers/${name}` })),
    ...signatures.map(({ header }, index) => ({ name: header, path: `/signatures/${index}/header` })),
  ];
  return names.flatMap(({ name, path }, index): FieldError[] => {
    if (RESERVED_HEADERS.has(name.toLowerCase())) return [{ path, message: `may not be ${name}: it is set elsewhere` }];
    if (traceparent && name.toLowerCase() === 'traceparent')
      return [{ path, message: 'is set by /traceparent already: leave it out, or set /traceparent to false' }];
    const twin = names.slice(0, index).find((other) => other.name.toLowerCase() === name.toLowerCase());
    const bothSign = twin?.path.startsWith('/signatures') === true && path.startsWith('/signatures');
    if (twin === undefined || (bothSign && twin.name === name)) return [];
    return [{ path, message: `is the same header as ${twin.path}: give them different names` }];
  });
}

/** A reference may bring in what a header cannot hold; what is written beside it need not. */
function headerTextErrors({ headers, signatures }: ProfileDocument): FieldError[] {
  const texts = [
    ...Object.entries(headers).map(([name, template]) => ({ template, path: `/headers/${name}` })),
    ...signatures.map(({ prefix }, index) => ({ template: prefix, path: `/signatures/${index}/prefix` })),
  ];
  return texts.flatMap(({ template, path }): FieldError[] => {
    const isPlain = splitText(template).every(({ text }) => headerText(text) === text);
    return isPlain ? [] : [{ path, message: 'must be visible ASCII characters and blanks, besides its references' }];
  });
}

/** What a profile can multiply: a payload of 256 KiB must not become a request of hundreds of megabytes. */
function sizeErrors({ envelope, headers, signatures }: ProfileDocument): FieldError[] {
  const errors: FieldError[] = [];
  const bodyBytes = worstEnvelopeBytes(envelope);
  if (bodyBytes > MAX_BODY_BYTES) {
    const message = `could become ${bodyBytes} bytes with the largest payload; at most ${MAX_BODY_BYTES} are allowed. Refer to the same part of the payload less often.`;
    errors.push({ path: '/envelope', message });
  }
  const headerBytes = Object.entries(headers).reduce(
    (sum, [name, text]) => sum + name.length + worstTextBytes(text),
    0,
  );
  if (headerBytes > MAX_HEADER_BYTES) {
    const message = `could become ${headerBytes} bytes together; at most ${MAX_HEADER_BYTES} are allowed`;
    errors.push({ path: '/headers', message });
  }
  for (const [index, { content, prefix }] of signatures.entries()) {
    const path = `/signatures/${index}`;
    const bodies = splitText(content).filter(({ reference }) => reference === 'body').length;
    if (bodies > 1) errors.push({ path: `${path}/content`, message: 'may refer to {{body}} once' });
    if (worstTextBytes(prefix) > MAX_HEADER_BYTES)
      errors.push({ path: `${path}/prefix`, message: 'could become too long for a header' });
  }
  return errors;
}

/** A status cannot mean both; success would win. */
function responseErrors({ responses }: ProfileDocument): FieldError[] {
  return responses.deactivate.flatMap((pattern, index): FieldError[] => {
    const isSuccess = responses.success.some((other) => other === pattern || matchesStatus([other], Number(pattern)));
    if (!isSuccess) return [];
    return [
      { path: `/responses/deactivate/${index}`, message: `is ${pattern}, which /responses/success takes for success` },
    ];
  });
}

/** A probe that fails would make the next one come sooner. */
function breakerErrors({ breaker }: ProfileDocument): FieldError[] {
  if (breaker === null || breaker.pauseSeconds <= breaker.maxPauseSeconds) return [];
  const message = `is ${breaker.maxPauseSeconds}: must be at least /breaker/pauseSeconds, ${breaker.pauseSeconds}`;
  return [{ path: '/breaker/maxPauseSeconds', message }];
}

function signatureErrors({ signatures, subscription }: ProfileDocument): FieldError[] {
  return signatures.flatMap((scheme, index): FieldError[] => {
    const path = `/signatures/${index}`;
    const errors: FieldError[] = [];
    const shares = signatures.some((other, at) => at !== index && other.header === scheme.header);
    if (shares && scheme.separator === null) {
      errors.push({
        path: `${path}/separator`,
        message: `is required: another scheme signs in the header ${scheme.header}, too`,
      });
    }
    if (scheme.algorithm === 'ed25519' && scheme.key === 'tenant') {
      errors.push({ path: `${path}/key`, message: 'must be subscription: a tenant has no ed25519 key' });
    }
    if (scheme.key === 'subscription') {
      if (subscription.secret === 'none') {
        errors.push({
          path: `${path}/key`,
          message: 'is subscription, but /subscription/secret is none: there is no key to sign with',
        });
      } else if (scheme.when === 'always' && subscription.secret === 'optional') {
        errors.push({ path: `${path}/when`, message: 'must be if_secret, because /subscription/secret is optional' });
      }
      if (scheme.keyFormat === 'whsec' && subscription.secretFormat !== 'whsec' && scheme.algorithm === 'hmac-sha256') {
        errors.push({ path: `${path}/keyFormat`, message: 'is whsec, so /subscription/secretFormat must be whsec' });
      }
    } else if (scheme.keyFormat === 'whsec') {
      errors.push({ path: `${path}/keyFormat`, message: 'must be text: a tenant’s key is a text' });
    }
    return errors;
  });
}

/** A remark on a value that is not there is a typing mistake. */
function provenanceErrors(document: ProfileDocument): FieldError[] {
  return Object.keys(document.provenance).flatMap((pointer): FieldError[] => {
    const exists = valueAt(document, pointerKeys(pointer));
    if (pointer.startsWith('/') && exists !== undefined) return [];
    return [
      {
        path: `/provenance/${escapePointer(pointer)}`,
        message: `speaks of ${pointer}, which is not in the profile`,
      },
    ];
  });
}
