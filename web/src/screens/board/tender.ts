/** Amounts of a payment, exact to the last digit: reckoned in the smallest unit, written as decimal strings. Pure. */

export interface Part {
  methodId: number;
  /** As it was typed. */
  amount: string;
}

/** An amount of money in its smallest unit. */
export function toMinor(amount: number, decimals: number): number {
  return Math.round(amount * 10 ** decimals);
}

/** What was typed, in the smallest unit; null when it is no amount above zero with at most the currency's decimals. */
export function typedMinor(text: string, decimals: number): number | null {
  const found = /^(\d{1,9})(?:[.,](\d*))?$/.exec(text.trim());
  if (!found) return null;
  const fraction = found[2] ?? "";
  if (fraction.length > decimals) return null;
  const minor = Number(found[1]) * 10 ** decimals + Number(fraction.padEnd(decimals, "0") || "0");
  return minor > 0 ? minor : null;
}

/** A decimal string of an amount in its smallest unit. */
export function exactText(minor: number, decimals: number): string {
  if (decimals === 0) return String(minor);
  const digits = String(minor).padStart(decimals + 1, "0");
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** What the parts sum to; null when one of them is no amount. */
export function sumOf(parts: readonly Part[], decimals: number): number | null {
  let sum = 0;
  for (const part of parts) {
    const minor = typedMinor(part.amount, decimals);
    if (minor === null) return null;
    sum += minor;
  }
  return sum;
}
