/**
 * The ETag under which a form is saved that began with a thing as it was. What was done to the thing since counts only if the form
 * would have begun with something else: pausing a webhook, say, does not.
 * @param before with what the form began
 * @param now as it was read last
 * @param draftOf makes of a thing what its form holds
 */
export function etagToSave<T extends { etag: string | null }>(
  before: T,
  now: T,
  draftOf: (thing: T) => unknown,
): string | null {
  const isSame = JSON.stringify(draftOf(before)) === JSON.stringify(draftOf(now));
  return (isSame ? now : before).etag;
}
