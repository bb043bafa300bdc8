import type { Locator, Page } from 'playwright-core';

/** Milliseconds from the begin of the navigation until something stands in the page, and is painted. */
export function shownAfterMs(page: Page, selector: string): Promise<number> {
  return page.evaluate(async (wanted) => {
    const frame = () => new Promise(Reflect.get(globalThis, 'requestAnimationFrame'));
    while (Reflect.get(globalThis, 'document').querySelector(wanted) === null) await frame();
    await frame();
    return performance.now();
  }, selector);
}

/** Milliseconds from a click until the page, changed by it, is painted: the answer, or that it is being worked on. */
export async function answeredAfterMs(page: Page, target: Locator): Promise<number> {
  await target.waitFor();
  await page.evaluate(`void (globalThis.answered = new Promise((resolve) =>
    addEventListener('click', ({ timeStamp }) => {
      const everything = { subtree: true, childList: true, attributes: true, characterData: true };
      new MutationObserver((_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - timeStamp)));
      }).observe(document, everything);
    }, { once: true, capture: true })))`);
  await target.click();
  return page.evaluate('answered');
}

/** Tests of other systems run beside this one: the round that they disturbed least counts. */
export function leastOf(values: readonly number[]): number {
  return Math.min(...values);
}
