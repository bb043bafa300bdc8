import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keepFolder } from '../../local/files.ts';

describe('a folder that is kept', () => {
  const root = mkdtempSync(join(tmpdir(), 'posthorn-files-'));
  afterAll(() => rmSync(root, { recursive: true }));

  const make = (text: string) => (folder: string) => writeFileSync(join(folder, 'made'), text);
  const read = (folder: string) => readFileSync(join(folder, 'made'), 'utf8');

  test('is made once, and older ones go', async () => {
    const parent = join(root, 'once');
    mkdirSync(join(parent, 'older'), { recursive: true });
    await keepFolder(join(parent, 'newer'), make('first'));
    await keepFolder(join(parent, 'newer'), make('second'));
    expect(read(join(parent, 'newer'))).toBe('first');
    expect(readdirSync(parent)).toEqual(['newer']);
  });

  test('may be made by several at the same time: whoever ends first makes it, and nobody sees a part of it', async () => {
    const parent = join(root, 'together');
    const folder = join(parent, 'one');
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const making = ends.map(({ promise }, index) =>
      keepFolder(folder, async (own) => {
        writeFileSync(join(own, 'made'), 'a part');
        await promise;
        make(`maker ${index}`)(own);
      }),
    );
    expect(existsSync(folder)).toBe(false);
    ends[1]?.resolve();
    await making[1];
    expect(read(folder)).toBe('maker 1');
    ends[0]?.resolve();
    await making[0];
    expect(read(folder)).toBe('maker 1');
    expect(readdirSync(parent)).toEqual(['one']);
  });

  test('is not there if it could not be made', async () => {
    const parent = join(root, 'broken');
    await expect(
      keepFolder(join(parent, 'one'), (own) => {
        make('a part')(own);
        throw new Error('no space');
      }),
    ).rejects.toThrow('no space');
    expect(readdirSync(parent)).toEqual([]);
  });
});
