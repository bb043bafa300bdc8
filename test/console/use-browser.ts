import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
} from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { findChromium } from '../../testing/chromium.ts';
import { eventually } from '../e2e/eventually.ts';

const executablePath = findChromium();

/** For `describe.skipIf`. In CI nothing is skipped: there the tests fail. */
export const hasNoBrowser = executablePath === undefined && !process.env.CI;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** WCAG 2.2 AA, and what axe holds for good practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const COLOR_RULES = ['color-contrast', 'link-in-text-block'];

export interface OpenPage {
  page: Page;
  /** What went wrong in the page: exceptions, errors of the console, breaches of its security policy. */
  errors: string[];
  /** Waits until the page asks nothing any more: what it asked before something changed is answered as it was. */
  hasAsked: () => Promise<void>;
}

/** One Chromium for a test file; each page that is opened has a storage of its own. */
export function useBrowser() {
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    if (executablePath === undefined)
      throw new Error(
        'There is no Chromium. Install one (npx playwright-core install chromium), or name it in CHROMIUM.',
      );
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    });
  });
  afterAll(() => browser?.close());

  async function open(url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
    if (browser === undefined) throw new Error('The browser runs within tests only.');
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      const isOfApi = /^Failed to load resource/.test(message.text());
      const isIcon = message.location().url.endsWith('/favicon.ico');
      // The browser logs each refusal of the API, too: the page shows those.
      if (message.type() === 'error' && !isOfApi && !isIcon) errors.push(message.text());
    });
    const underWay = new Set<Request>();
    page.on('request', (request) => underWay.add(request));
    page.on('requestfinished', (request) => underWay.delete(request));
    page.on('requestfailed', (request) => underWay.delete(request));
    const hasAsked = async () => {
      // What is on the page begins to ask with the picture that shows it.
      await repainted(page);
      await eventually(async () => expect([...underWay].map((request) => request.url())).toEqual([]));
    };
    await page.goto(url);
    return { page, errors, hasAsked };
  }

  return { open };
}

/** Waits for the next picture but one: what a press or a change of theme changes immediately is shown then. */
export async function repainted(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

/**
 * Axe finds nothing, in the light and in the dark, for which only the rules about colors are asked again. By the debugger, which no
 * security policy of the page forbids.
 */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  for (const [colorScheme, rules] of [
    ['light', RULES],
    ['dark', COLOR_RULES],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Chromium does not give all elements the other theme's colors at once.
    await eventually(
      async () => expect(await violations(page, rules), `${page.url()}, ${colorScheme}`).toEqual([]),
      15_000,
    );
  }
}

function violations(page: Page, rules: readonly string[]): Promise<{ id: string; nodes: string[] }[]> {
  return page.evaluate(async (wanted) => {
    const { violations: found } = await Reflect.get(globalThis, 'axe').run({ runOnly: wanted });
    return found.map(({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
    }));
  }, rules);
}
