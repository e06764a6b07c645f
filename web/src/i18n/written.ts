/**
 * The language whose way of writing numbers and dates is used for a language: itself, unless the browser has no data of
 * it, as Chromium has none of Azerbaijani. CLDR's Azerbaijani numbers are written as German ones, and so are dates in
 * figures.
 */
export function writtenAs(language: string): string {
  return /^M\d/.test(new Intl.DateTimeFormat(language, { month: "long" }).format(0)) ? "de" : language;
}
