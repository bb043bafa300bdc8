import { createHash } from 'node:crypto';
import type { FieldError } from '../field-error.ts';
import { jsonMembers } from '../json/json-text.ts';
import { escapePointer } from '../json/pointer.ts';
import { PayloadParts } from './payload-parts.ts';

/*
 * The language of profiles: JSON whose strings may refer to what is being delivered. It is compiled when a profile is
 * written, where every mistake is named with its path; a compiled template cannot fail.
 *
 *   "{{event.data}}"             the value itself, with its type
 *   "Hello {{subscription.name}}" text; only references to text and numbers may stand in one
 *   "{{event.data.owner.name}}"  a part of the payload; null if it is not there
 *   "{{event.data.owner?}}"      the same, but the member is left out if it is not there
 *   "...": "{{event.data}}"      the payload's members in this place; the template's own members go before them.
 *                                What is no object is put in as the member "data"
 *   "...": ["{{event.data}}", "Id"]  the same, with another name for that member
 */

/** What references can mean. Texts and numbers come as such, `json` as JSON text. */
export interface TemplateValues {
  event: { id: string; type: string; environment: string; occurredAt: string; data: string };
  subscription: { id: string; name: string | null; url: string; metadata: Readonly<Record<string, string>> };
  tenant: { id: string };
  /** `timestamp` in whole seconds since 1970, of this attempt; `attempt` counts from 1. */
  delivery: { id: string; attempt: number; timestamp: number };
}

type Scalar = string | number | null;

/** Every reference but `event.data`: each gives a text, a number or null. */
const SCALARS: Record<string, (values: TemplateValues) => Scalar> = {
  'event.id': ({ event }) => event.id,
  'event.hexId': ({ event }) => hexId(event.id),
  'event.type': ({ event }) => event.type,
  'event.environment': ({ event }) => event.environment,
  'event.occurredAt': ({ event }) => event.occurredAt,
  'subscription.id': ({ subscription }) => subscription.id,
  'subscription.name': ({ subscription }) => subscription.name,
  'subscription.url': ({ subscription }) => subscription.url,
  'tenant.id': ({ tenant }) => tenant.id,
  'delivery.id': ({ delivery }) => delivery.id,
  'delivery.attempt': ({ delivery }) => delivery.attempt,
  'delivery.timestamp': ({ delivery }) => delivery.timestamp,
};
/** The id itself if it is 32 hex digits (a GUID in .NET's format N), else 32 that follow from it. */
function hexId(id: string): string {
  return /^[0-9a-f]{32}$/i.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 32);
}

const METADATA = 'subscription.metadata';
const DATA = 'event.data';
const KNOWN = [...Object.keys(SCALARS), METADATA, DATA].join(', ');

/** Gives JSON text; null if a part of the payload that may be missing is. */
type Render = (values: EnvelopeValues) => string | null;
/** Members as they stand in an object: each key and value as JSON text. */
type RenderMembers = (values: EnvelopeValues) => readonly string[];
type EnvelopeValues = TemplateValues & { payload: PayloadParts };

export type Compiled<T> = { ok: true; render: (values: TemplateValues) => T } | { ok: false; errors: FieldError[] };

const MAX_DEPTH = 20;
// Blanks are trimmed by code: an expression that does it takes cubic time on a long run of them.
const REFERENCE = /\{\{([^{}]*)\}\}/g;
const WHOLE_REFERENCE = /^\{\{([^{}]*)\}\}$/;

/** Compiles an envelope: a JSON value. What it renders is compact JSON text. */
export function compileEnvelope(template: unknown, path = ''): Compiled<string> {
  const errors: FieldError[] = [];
  const render = compileValue(template, path, 0, errors);
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    render: (values) => render({ ...values, payload: new PayloadParts(values.event.data) }) ?? 'null',
  };
}

/**
 * Compiles a text with references, as in a header.
 * @param extra further names that may stand in it, with what they give
 */
export function compileText<Extra extends string = never>(
  template: string,
  path: string,
  extra: readonly Extra[] = [],
):
  | { ok: true; render: (values: TemplateValues, extra: Readonly<Record<Extra, string>>) => string }
  | { ok: false; errors: FieldError[] } {
  const errors: FieldError[] = [];
  type Part = (values: TemplateValues, more: Readonly<Record<Extra, string>>) => string;
  const parts = splitText(template).map(({ text, reference }): Part => {
    if (reference === null) return () => text;
    const own = extra.find((name) => name === reference);
    if (own !== undefined) return (_values, more) => more[own];
    const scalar = scalarOf(reference, path, errors, extra);
    return (values) => String(scalar(values) ?? '');
  });
  checkBraces(template, path, errors);
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, render: (values, more) => parts.map((part) => part(values, more)).join('') };
}

function compileValue(template: unknown, path: string, depth: number, errors: FieldError[]): Render {
  if (depth > MAX_DEPTH) return mistake(path, `is nested deeper than ${MAX_DEPTH} levels`, errors);
  if (typeof template === 'string') return compileString(template, path, errors);
  if (Array.isArray(template)) {
    const items = template.map((item, index) => compileValue(item, `${path}/${index}`, depth + 1, errors));
    return (values) => `[${items.map((item) => item(values) ?? 'null').join(',')}]`;
  }
  if (typeof template === 'object' && template !== null) return compileObject(template, path, depth, errors);
  const text = JSON.stringify(template);
  return () => text;
}

function compileObject(template: object, path: string, depth: number, errors: FieldError[]): Render {
  const own = new Set(Object.keys(template));
  const members = Object.entries(template).map(([key, value]: [string, unknown]): RenderMembers => {
    const memberPath = `${path}/${escapePointer(key)}`;
    if (key === '...') return compileSplice(value, memberPath, own, errors);
    checkName(key, memberPath, errors);
    const render = compileValue(value, memberPath, depth + 1, errors);
    const name = JSON.stringify(key);
    return (values) => {
      const text = render(values);
      return text === null ? [] : [`${name}:${text}`];
    };
  });
  return (values) => `{${members.flatMap((member) => member(values)).join(',')}}`;
}

function compileSplice(value: unknown, path: string, own: ReadonlySet<string>, errors: FieldError[]): RenderMembers {
  const [reference, fallback] = Array.isArray(value) ? value : [value, 'data'];
  const data = typeof reference === 'string' ? dataPath(WHOLE_REFERENCE.exec(reference)?.[1]?.trim() ?? '') : null;
  if ((data?.path.length ?? 0) > MAX_DEPTH) errors.push({ path, message: `refers deeper than ${MAX_DEPTH} levels` });
  const valid = data !== null && typeof fallback === 'string' && (!Array.isArray(value) || value.length === 2);
  if (!valid) {
    const message =
      'must be "{{event.data}}" or a part of it, or ["{{event.data}}", "name"] with the name of a member for what is no object';
    errors.push({ path, message });
    return () => [];
  }
  checkName(fallback, path, errors);
  return ({ payload }) => {
    const text = payload.at(data.path);
    if (text === null) return [];
    const members = jsonMembers(text);
    if (members === null) return own.has(fallback) ? [] : [`${JSON.stringify(fallback)}:${text}`];
    return members
      .filter(({ name }) => !own.has(name))
      .map(({ name, value: member }) => `${JSON.stringify(name)}:${member}`);
  };
}

function checkName(name: string, path: string, errors: FieldError[]): void {
  if (name.includes('{{')) errors.push({ path, message: 'has a reference in its name: only values may refer' });
}

function compileString(template: string, path: string, errors: FieldError[]): Render {
  const whole = WHOLE_REFERENCE.exec(template)?.[1]?.trim();
  if (whole === undefined) {
    const text = compileText(template, path);
    if (text.ok) return (values) => JSON.stringify(text.render(values, {}));
    errors.push(...text.errors);
    return () => null;
  }
  const data = dataPath(whole);
  if (data !== null) {
    if (data.path.length > MAX_DEPTH) return mistake(path, `refers deeper than ${MAX_DEPTH} levels`, errors);
    return ({ payload }) => payload.at(data.path) ?? (data.optional ? null : 'null');
  }
  if (whole === METADATA) return ({ subscription }) => JSON.stringify(subscription.metadata);
  const scalar = scalarOf(whole, path, errors);
  return (values) => JSON.stringify(scalar(values));
}

/** `event.data.a.b?` as ['a', 'b'], optional; null for another reference. */
export function dataPath(reference: string): { path: string[]; optional: boolean } | null {
  const match = /^event\.data((?:\.[^.?\s]+)*)(\??)$/.exec(reference);
  if (match === null) return null;
  const [, steps = '', mark] = match;
  return { path: steps === '' ? [] : steps.slice(1).split('.'), optional: mark === '?' };
}

function scalarOf(
  reference: string,
  path: string,
  errors: FieldError[],
  extra: readonly string[] = [],
): (values: TemplateValues) => Scalar {
  const scalar = Object.hasOwn(SCALARS, reference) ? SCALARS[reference] : undefined;
  if (scalar !== undefined) return scalar;
  const message =
    reference === METADATA || dataPath(reference) !== null
      ? `{{${reference}}} may be an object, so it must stand alone, as a whole value`
      : `{{${reference}}} is unknown. There are: ${[...extra, KNOWN].join(', ')}`;
  errors.push({ path, message });
  return () => null;
}

/** A text as its literal parts and its references, in order. */
export function splitText(template: string): { text: string; reference: string | null }[] {
  const parts: { text: string; reference: string | null }[] = [];
  let end = 0;
  for (const match of template.matchAll(REFERENCE)) {
    if (match.index > end) parts.push({ text: template.slice(end, match.index), reference: null });
    parts.push({ text: '', reference: match[1]?.trim() ?? '' });
    end = match.index + match[0].length;
  }
  if (end < template.length) parts.push({ text: template.slice(end), reference: null });
  return parts;
}

/** Half a reference is a typing mistake, and would be sent as it stands. */
function checkBraces(template: string, path: string, errors: FieldError[]): void {
  if (/\{\{|\}\}/.test(template.replaceAll(REFERENCE, ''))) {
    errors.push({ path, message: 'has "{{" or "}}" that is not part of a reference like {{event.type}}' });
  }
}

function mistake(path: string, message: string, errors: FieldError[]): Render {
  errors.push({ path, message });
  return () => null;
}
