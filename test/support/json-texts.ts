import fc from 'fast-check';

/** A number as a publisher may write it, which JSON.parse would change. */
const numberText = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom('1.0', '-0', '1e400', '-1E-400', '9007199254740993', '0.10', '12345678901234567890.123', '1e+2'),
);
const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const key = fc.oneof(
  fc.constantFrom('data', 'b', '10', '9', '__proto__', 'constructor', ''),
  fc.string({ unit: 'binary' }),
);

export interface JsonText {
  /** Without white space between tokens. */
  compact: string;
  /** The same with some. */
  spaced: string;
}

/** Any JSON as text, with its numbers as written, keys in any order, some of them twice. */
export const jsonText: fc.Arbitrary<JsonText> = fc.letrec<{ value: JsonText; list: JsonText; object: JsonText }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc
        .oneof(
          numberText,
          fc.constantFrom('null', 'true', 'false'),
          fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
        )
        .map((text) => ({ compact: text, spaced: text })),
      tie('list'),
      tie('object'),
    ),
    list: fc.tuple(fc.array(tie('value'), { maxLength: 4 }), blank).map(([values, gap]) => wrap('[', values, ']', gap)),
    object: fc.tuple(fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }), blank).map(([members, gap]) =>
      wrap(
        '{',
        members.map(([name, { compact, spaced }]) => {
          const quoted = JSON.stringify(name);
          return { compact: `${quoted}:${compact}`, spaced: `${quoted}${gap}:${gap}${spaced}` };
        }),
        '}',
        gap,
      ),
    ),
  }),
).value;

function wrap(open: string, parts: readonly JsonText[], close: string, gap: string): JsonText {
  return {
    compact: `${open}${parts.map(({ compact }) => compact).join(',')}${close}`,
    spaced: `${open}${gap}${parts.map(({ spaced }) => spaced).join(`${gap},${gap}`)}${gap}${close}`,
  };
}
