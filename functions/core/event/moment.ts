/** RFC 3339 has four digits for the year; an offset can lead past them. */
export function isCommonEra(text: string): boolean {
  const at = Date.parse(text);
  return at >= -62_167_219_200_000 && at <= 253_402_300_799_999;
}
