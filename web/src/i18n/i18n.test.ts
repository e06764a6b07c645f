import { describe, expect, it } from "vitest";
import az from "./az";
import en from "./en";
import ru from "./ru";
import tr from "./tr";

/** Words that are the same in several languages, and names. */
const SHARED = new Set(["PIN", "CSV", "Demo", "Windows", "Android", "iPad", "HTTPS", "OK", "Menu", "Bar", "Min", "Max", "URL", "ID", "Port"]);

/** Every text of a language by its place; texts that depend on values are asked with one, two and five. */
function texts(node: unknown, place = ""): Map<string, string> {
  if (typeof node === "string") return new Map([[place, node]]);
  if (typeof node === "function") {
    const ask = node as (...values: unknown[]) => string;
    return new Map([1, 2, 5].map((value) => [`${place}(${value})`, ask(value, value, value, value)]));
  }
  return new Map(Object.entries(node as object).flatMap(([name, inner]) => [...texts(inner, `${place}.${name}`)]));
}

const english = texts(en);

describe.each([
  ["az", az],
  ["ru", ru],
  ["tr", tr],
])("%s", (_language, messages) => {
  const found = texts(messages);

  it("has every text, and no other", () => {
    expect([...found.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("has no empty text, and none that was left in English", () => {
    const left = [...found].filter(([place, text]) => text.trim() === "" || isEnglish(text, english.get(place) ?? ""));
    expect(left).toEqual([]);
  });

  it("says every value that English says", () => {
    const silent = [...found].filter(([place, text]) => /\d/.test(english.get(place) ?? "") && !/\d/.test(text));
    expect(silent).toEqual([]);
  });
});

function isEnglish(text: string, original: string): boolean {
  return text === original && /\p{L}{3,}/u.test(text) && !SHARED.has(text);
}

describe.each([en, az, ru, tr])("a language", (messages) => {
  it("keeps names as they are", () => {
    expect(messages.board.papers.late("Grill #1", 3)).toMatch(/^Grill #1: .*3/);
  });
});
