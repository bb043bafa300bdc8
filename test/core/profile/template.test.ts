import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEnvelope, compileText } from '../../../functions/core/profile/template.ts';
import { jsonText } from '../../support/json-texts.ts';
import { makeValues } from '../../support/profiles.ts';

/** What an envelope becomes with this data. */
function render(template: unknown, data = '{"id":9007199254740993}'): string {
  const compiled = compileEnvelope(template);
  if (!compiled.ok) throw new Error(`refused: ${JSON.stringify(compiled.errors)}`);
  return compiled.render(makeValues({ event: { data } }));
}

function mistakes(template: unknown): string[] {
  const compiled = compileEnvelope(template, '/envelope');
  return compiled.ok ? [] : compiled.errors.map(({ path, message }) => `${path} ${message}`);
}

const PAYLOAD = '{"n":1.0,"big":9007199254740993,"10":1,"9":-0,"owner":{"name":"Zoë","tags":[]},"none":null}';

describe('a reference that stands alone gives the value itself', () => {
  it.each<[string, string]>([
    ['{{event.id}}', '"evt_1"'],
    ['{{event.hexId}}', '"7d4e5a76eae6d8c165410ac19fe67565"'],
    ['{{event.type}}', '"employee.created"'],
    ['{{event.environment}}', '"production"'],
    ['{{event.occurredAt}}', '"2026-11-22T10:00:00.000Z"'],
    ['{{subscription.id}}', '"sub_1"'],
    ['{{subscription.name}}', '"Payroll"'],
    ['{{subscription.url}}', '"https://receiver.example/hooks"'],
    ['{{subscription.metadata}}', '{"team":"a"}'],
    ['{{tenant.id}}', '"acme"'],
    ['{{delivery.id}}', '"dlv_1"'],
    ['{{delivery.attempt}}', '1'],
    ['{{delivery.timestamp}}', '1795341600'],
    ['{{  event.type\t}}', '"employee.created"'],
    ['{{event.data}}', PAYLOAD],
    ['{{event.data.n}}', '1.0'],
    ['{{event.data.big}}', '9007199254740993'],
    ['{{event.data.9}}', '-0'],
    ['{{event.data.owner}}', '{"name":"Zoë","tags":[]}'],
    ['{{event.data.owner.name}}', '"Zoë"'],
    ['{{event.data.none}}', 'null'],
    ['{{event.data.absent}}', 'null'],
    ['{{event.data.owner.absent.deeper}}', 'null'],
    ['{{event.data.n.deeper}}', 'null'],
    ['{{event.data.absent?}}', 'null'],
    ['{{event.data.__proto__}}', 'null'],
    ['{{event.data.toString}}', 'null'],
  ])('%s: %s', (template, expected) => {
    expect(render(template, PAYLOAD)).toBe(expected);
  });

  it('null, where a subscription has no name', () => {
    const compiled = compileEnvelope('{{subscription.name}}');
    expect(compiled.ok && compiled.render(makeValues({ subscription: { name: null } }))).toBe('null');
  });
});

describe('an envelope', () => {
  it.each<[string, unknown, string]>([
    ['keeps what does not refer', { a: 1, b: [true, null, 'x'], c: {} }, '{"a":1,"b":[true,null,"x"],"c":{}}'],
    ['keeps the order of its members', { b: 1, a: 2 }, '{"b":1,"a":2}'],
    ['may be a list', ['{{event.data}}'], `[${PAYLOAD}]`],
    ['may be the payload alone', '{{event.data}}', PAYLOAD],
    ['may be a constant', 7, '7'],
    ['may refer within a text', 'Hello {{subscription.name}}, {{event.type}}!', '"Hello Payroll, employee.created!"'],
    ['writes numbers in a text as they are', '#{{delivery.attempt}}', '"#1"'],
    ['escapes what a text needs', '"{{event.type}}"\n', '"\\"employee.created\\"\\n"'],
    ['writes a name that is not there as null', { a: '{{event.data.x}}' }, '{"a":null}'],
    ['leaves a member out that may be missing', { a: '{{event.data.x?}}', b: 1 }, '{"b":1}'],
    ['keeps a member that may be missing, and is not', { a: '{{event.data.n?}}' }, '{"a":1.0}'],
    ['keeps a member that is null', { a: '{{event.data.none?}}' }, '{"a":null}'],
    ['has null in a list for what is missing', ['{{event.data.x?}}'], '[null]'],
    ['is empty if all is missing', { a: '{{event.data.x?}}' }, '{}'],
    [
      'splices members beside others',
      { A: '{{event.type}}', '...': '{{event.data.owner}}' },
      '{"A":"employee.created","name":"Zoë","tags":[]}',
    ],
    ['splices where it says so', { '...': '{{event.data.owner}}', z: 1 }, '{"name":"Zoë","tags":[],"z":1}'],
    [
      'has its own members before those of a splice',
      { name: 1, '...': '{{event.data.owner}}' },
      '{"name":1,"tags":[]}',
    ],
    ['splices nothing where there is nothing', { a: 1, '...': '{{event.data.x}}' }, '{"a":1}'],
    ['puts in what is no object as data', { a: 1, '...': '{{event.data.big}}' }, '{"a":1,"data":9007199254740993}'],
    ['or by the name that it gives', { a: 1, '...': ['{{event.data.big}}', 'Id'] }, '{"a":1,"Id":9007199254740993}'],
    ['but not over a member of its own', { Id: 1, '...': ['{{event.data.big}}', 'Id'] }, '{"Id":1}'],
    ['does not read what a payload says', '{{event.data.owner.name}}', '"Zoë"'],
  ])('%s', (_, template, expected) => {
    expect(render(template, PAYLOAD)).toBe(expected);
  });

  it('takes no reference from a payload: what it brings stands as it is', () => {
    const data = '{"a":"{{subscription.url}}","{{event.id}}":1}';
    expect(render({ x: '{{event.data}}', '...': '{{event.data}}' }, data)).toBe(`{"x":${data},${data.slice(1)}`);
  });

  it('splices members as they are written, whatever they are called', () => {
    const data = '{"__proto__":{"x":1.0},"10":1,"9":2,"a":1,"a":2,"":null}';
    expect(render({ '...': '{{event.data}}' }, data)).toBe(data);
  });

  it.each<[string, unknown, RegExp[]]>([
    [
      'an unknown reference',
      { a: '{{event.name}}' },
      [/^\/envelope\/a \{\{event.name\}\} is unknown. There are: event.id/],
    ],
    ['a reference to nothing', '{{}}', [/^\/envelope \{\{\}\} is unknown/]],
    ['the prototype of what is known', '{{constructor}}', [/is unknown/]],
    ['the body, which is being made', { a: '{{body}}' }, [/^\/envelope\/a \{\{body\}\} is unknown/]],
    ['half a reference', { a: ['x', '{{event.type'] }, [/^\/envelope\/a\/1 has "\{\{" or "\}\}"/]],
    ['the other half', 'event.type}}', [/has "\{\{"/]],
    ['a reference in a reference', '{{ {{event.type}} }}', [/has "\{\{"/]],
    ['the payload within a text', 'x {{event.data}}', [/may be an object, so it must stand alone/]],
    ['a part of the payload within a text', 'x {{event.data.a?}}', [/must stand alone/]],
    ['metadata within a text', '{{subscription.metadata}}!', [/must stand alone/]],
    ['an optional reference to what is always there', '{{event.type?}}', [/is unknown/]],
    ['a path with an empty step', '{{event.data..a}}', [/is unknown/]],
    ['a path with a blank', '{{event.data.a b}}', [/is unknown/]],
    ['a reference in a name', { '{{event.type}}': 1 }, [/^\/envelope\/\{\{event.type\}\} has a reference in its name/]],
    ['a splice of something else', { a: { '...': '{{subscription.metadata}}' } }, [/^\/envelope\/a\/\.\.\. must be/]],
    ['a splice of a constant', { '...': { a: 1 } }, [/^\/envelope\/\.\.\. must be/]],
    ['a splice within a text', { '...': 'x{{event.data}}' }, [/^\/envelope\/\.\.\. must be/]],
    ['a splice without the name', { '...': ['{{event.data}}'] }, [/must be/]],
    ['a splice with two names', { '...': ['{{event.data}}', 'a', 'b'] }, [/must be/]],
    ['a splice whose name is none', { '...': ['{{event.data}}', 1] }, [/must be/]],
    ['a name with a slash', { 'a/b~c': '{{x}}' }, [/^\/envelope\/a~1b~0c /]],
    ['several mistakes, each', { a: '{{x}}', b: ['{{y}}', '{{z}} {{event.data}}'] }, [/a /, /b\/0/, /b\/1/, /b\/1/]],
  ])('with %s is refused', (_, template, expected) => {
    const found = mistakes(template);
    expect(found).toHaveLength(expected.length);
    expected.forEach((pattern, index) => {
      expect(found[index]).toMatch(pattern);
    });
  });

  it('may be 20 levels deep, and no deeper', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(mistakes(nested(20))).toEqual([]);
    expect(mistakes(nested(21))).toEqual([expect.stringContaining('is nested deeper than 20 levels')]);
  });

  it('is read in time that does not grow with the square of its blanks', () => {
    const before = performance.now();
    expect(mistakes(`{{${' '.repeat(100_000)}x`)).toHaveLength(1);
    expect(mistakes('{{'.repeat(50_000))).toHaveLength(1);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('a text', () => {
  const renderText = (template: string): string => {
    const compiled = compileText(template, '/headers/X', ['body']);
    return compiled.ok ? compiled.render(makeValues({ subscription: { name: null } }), { body: '{"a":1}' }) : '';
  };

  it.each<[string, string]>([
    ['', ''],
    ['plain', 'plain'],
    ['{{event.type}}', 'employee.created'],
    ['{{event.id}}.{{delivery.timestamp}}.{{body}}', 'evt_1.1795341600.{"a":1}'],
    ['{{body}}{{ body }}', '{"a":1}{"a":1}'],
    ['[{{subscription.name}}]', '[]'],
    ['{ {{delivery.attempt}} }', '{ 1 }'],
  ])('%j: %j', (template, expected) => {
    expect(renderText(template)).toBe(expected);
  });

  it('may not refer to the payload, nor to what is known elsewhere only', () => {
    const messages = (template: string) => {
      const compiled = compileText(template, '/headers/X');
      return compiled.ok ? [] : compiled.errors;
    };
    expect(messages('{{event.data}}')).toMatchObject([
      { path: '/headers/X', message: expect.stringContaining('alone') },
    ]);
    expect(messages('{{body}}')).toMatchObject([{ path: '/headers/X', message: expect.stringContaining('unknown') }]);
  });
});

describe('whatever is compiled', () => {
  const references = [
    '{{event.data}}',
    '{{event.data.b}}',
    '{{event.data.b?}}',
    '{{event.type}}',
    '{{subscription.metadata}}',
    'x {{event.id}} {{delivery.attempt}}',
  ];
  const template = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(...references, null, true, 7, 'x'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', '9', 'data'), tie('value'), { maxKeys: 3 }),
      tie('value').map((value) => ({ a: value, '...': '{{event.data}}' })),
      tie('value').map((value) => ({ '...': ['{{event.data.b}}', 'a'], b: value })),
    ),
  })).value;

  it('renders valid, compact JSON, for any payload', () => {
    fc.assert(
      fc.property(template, jsonText, (one, { compact }) => {
        const text = render(one, compact);
        expect(() => JSON.parse(text)).not.toThrow();
        if (!compact.includes(' ') && !JSON.stringify(one).includes(' ')) expect(text).not.toMatch(/[ \n\r\t]/);
      }),
    );
  });

  it('never throws: for any JSON as a template it names mistakes, or renders', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('{{', '}}', '{{}}', ...references));
    const any = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(fc.oneof(any, fc.array(text), fc.dictionary(fc.oneof(text, fc.constant('...')), text)), (one) => {
        const compiled = compileEnvelope(one);
        if (compiled.ok) expect(() => JSON.parse(compiled.render(makeValues()))).not.toThrow();
        else expect(compiled.errors.length).toBeGreaterThan(0);
      }),
    );
  });
});
