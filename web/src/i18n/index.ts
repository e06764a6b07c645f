/** The four languages. English is the law: the type of its messages is what the others must have, to the last key. */

import { signal } from "@preact/signals";
import { keep, read } from "~/preferences";
import type en from "./en";

/** Messages of a language: texts, and functions where a text depends on values. */
export type Messages = Loose<typeof en>;

type Loose<T> = T extends string
  ? string
  : T extends (...values: infer V) => string
    ? (...values: V) => string
    : { readonly [K in keyof T]: Loose<T[K]> };

export const LANGUAGES = { en: "English", az: "Azərbaycanca", ru: "Русский", tr: "Türkçe" } as const;
export type Language = keyof typeof LANGUAGES;

const loaders: Record<Language, () => Promise<{ default: Messages }>> = {
  en: () => import("./en"),
  az: () => import("./az"),
  ru: () => import("./ru"),
  tr: () => import("./tr"),
};

const current = signal<Language>("en");
const loaded = signal<Messages | null>(null);

/** The language in use. */
export const language = current;

/** The messages of the language in use; read in a component, they change with it. */
export function messages(): Messages {
  if (loaded.value === null) throw new Error("no language is loaded yet");
  return loaded.value;
}

/** Use a language from now on. */
export async function chooseLanguage(wanted: Language): Promise<void> {
  const found = await loaders[wanted]();
  keep("language", wanted);
  loaded.value = found.default;
  current.value = wanted;
  document.documentElement.lang = wanted;
}

/** The language this device was set to, else the first one of its browser's that is known. */
export function preferredLanguage(): Language {
  const candidates = [read("language"), ...navigator.languages.map((tag) => tag.split("-")[0])];
  for (const one of candidates) if (one && one in LANGUAGES) return one as Language;
  return "en";
}
