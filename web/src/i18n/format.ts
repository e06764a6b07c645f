/** Numbers, money and times in the language in use, in the venue's time zone. */

import { computed, signal } from "@preact/signals";
import { menu } from "~/menu";
import { serverNow } from "~/api/client";
import { language } from "./index";
import { writtenAs } from "./written";

const zone = computed(() => {
  const known = menu.value;
  return known?.venues.find((venue) => venue.id === known.venue_id)?.timezone;
});
const written = computed(() => writtenAs(language.value));
/** Currencies whose sign every device can draw; of the others (₼ among them) many fonts show an empty box. */
const SIGNS = new Set(["USD", "EUR", "GBP", "TRY", "RUB", "JPY"]);

const moneyFormat = computed(() => {
  const { currency = "AZN", decimals = 2 } = menu.value ?? {};
  return new Intl.NumberFormat(written.value, {
    style: "currency",
    currency,
    currencyDisplay: SIGNS.has(currency) ? "narrowSymbol" : "code",
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
});
const countFormat = computed(() => new Intl.NumberFormat(written.value, { maximumFractionDigits: 3 }));
const timeFormat = computed(() => inZone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }));
const dayTimeFormat = computed(() =>
  inZone({ day: "numeric", month: month(), hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
);
const calendarFormat = computed(
  () => new Intl.DateTimeFormat(written.value, { day: "numeric", month: month(), timeZone: "UTC" }),
);
const shareFormat = computed(() => new Intl.NumberFormat(written.value, { style: "percent", maximumFractionDigits: 1 }));

/** Months by name, but in figures where their names would be another language's. */
function month(): "short" | "2-digit" {
  return written.value === language.value ? "short" : "2-digit";
}

function inZone(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(written.value, zone.value ? { ...options, timeZone: zone.value } : options);
}

/** An amount of money, in the brand's currency. */
export function money(amount: number): string {
  return moneyFormat.value.format(amount);
}

/** A count or a weight: up to three decimals. */
export function count(amount: number): string {
  return countFormat.value.format(amount);
}

/** The time of day of an instant at the venue. */
export function timeOfDay(iso: string): string {
  return timeFormat.value.format(new Date(iso));
}

/** Day and time of an instant at the venue. */
export function dayAndTime(iso: string): string {
  return dayTimeFormat.value.format(new Date(iso));
}

/** A day of the calendar, `2026-11-23`, without its year. */
export function calendarDay(day: string): string {
  return calendarFormat.value.format(new Date(`${day}T00:00:00Z`));
}

/** A part of a whole, from 0 to 1, in percent. */
export function share(part: number): string {
  return shareFormat.value.format(part);
}

/** Minutes and seconds of a duration, `12:05`; hours in front where there are some. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${parts.join(":")}` : parts.join(":");
}

const tick = signal(serverNow());
setInterval(() => (tick.value = serverNow()), 1_000);

/** The server's time, in milliseconds; read in a component, it goes on every second. */
export function now(): number {
  return tick.value;
}

/** Seconds since an instant; read in a component, it goes on every second. */
export function secondsSince(iso: string): number {
  return (tick.value - Date.parse(iso)) / 1_000;
}
