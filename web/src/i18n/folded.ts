/** Letters that no decomposition makes plain. */
const PLAIN: Readonly<Record<string, string>> = { ə: "e", ı: "i", ø: "o", ł: "l", đ: "d", ß: "ss", æ: "ae" };

/** A text as it is compared in searches: small letters, Latin ones without their marks. */
export function folded(text: string): string {
  return text
    .toLowerCase()
    .normalize("NFD")
    .replace(/([a-z])\p{M}+/gu, "$1")
    .normalize("NFC")
    .replace(/[əıøłđßæ]/g, (letter) => PLAIN[letter] ?? letter);
}
