import { useLocale } from '../texts/texts.ts';

/** A moment in the reader's zone; the exact instant in UTC is its title. */
export function Time({ at }: { at: string }) {
  const format = useTimeFormat({ second: '2-digit' });
  return (
    <time dateTime={at} title={at}>
      {format(at)}
    </time>
  );
}

/**
 * For texts in which a time stands.
 * @param ofToday what today's times show beside hour and minute; they need no date
 */
export function useTimeFormat(
  ofToday: Pick<Intl.DateTimeFormatOptions, 'day' | 'month' | 'second'> = {},
): (at: string) => string {
  const locale = useLocale();
  return (at) => {
    const [moment, now] = [new Date(at), new Date()];
    const isToday = moment.toDateString() === now.toDateString();
    const isThisYear = moment.getFullYear() === now.getFullYear();
    return new Intl.DateTimeFormat(locale, {
      ...(isToday ? {} : { day: 'numeric', month: 'short' }),
      ...(isThisYear ? {} : { year: 'numeric' }),
      hour: '2-digit',
      minute: '2-digit',
      ...(isToday ? ofToday : {}),
    }).format(moment);
  };
}
