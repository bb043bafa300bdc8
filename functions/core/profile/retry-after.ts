const SECONDS = /^\d+$/;
/** RFC 9110, section 5.6.7: IMF-fixdate, and the obsolete forms of RFC 850 and asctime, which a recipient must accept. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];
/** A comma between two values; the one inside a date is followed by the day. */
const BETWEEN_VALUES = /,(?!\s*\d\d[ -])\s*/;

/**
 * The seconds that a Retry-After asks for (RFC 9110 §10.2.3: seconds or an HTTP date); 0 if it has neither form.
 * A header that came twice is joined by a comma. RFC 9110 leaves its meaning open: the longest wait that can be read counts.
 * @param now epoch milliseconds
 */
export function parseRetryAfter(text: string, now: number): number {
  return Math.max(
    0,
    ...text
      .trim()
      .split(BETWEEN_VALUES)
      .map((value) => secondsOf(value, now)),
  );
}

function secondsOf(value: string, now: number): number {
  if (SECONDS.test(value)) return Number(value);
  if (!HTTP_DATES.some((form) => form.test(value))) return 0;
  // The form of asctime names no zone, and means GMT.
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(at) ? 0 : (at - now) / 1_000;
}
