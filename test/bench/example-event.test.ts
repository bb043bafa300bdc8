import { describe, expect, test } from 'vitest';
import { exampleData } from '../../bench/example-event.ts';

describe('the example event', () => {
  test.each([512, 1024, 5000])('has %d bytes, and is the same for the same reference', (bytes) => {
    const text = JSON.stringify(exampleData('burst-7', bytes));
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(JSON.stringify(exampleData('burst-7', bytes))).toBe(text);
    expect(JSON.stringify(exampleData('burst-8', bytes))).not.toBe(text);
  });
});
