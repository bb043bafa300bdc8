/** What a page says for a code of the API; the API's own sentence, which is in English, for a code that is new to it. */
export function byCode(texts: Record<string, string>, code: string, message: string): string {
  return (Object.hasOwn(texts, code) ? texts[code] : undefined) ?? message;
}
