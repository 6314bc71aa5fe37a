// The colours of the page against each other, as WCAG 2.2 counts: 4.5:1 for text, 3:1 for what is operated or tells a state.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf8");
const tokens = new Map([...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name ?? "", { light: light ?? "", dark: dark ?? "" }]));

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const SHEETS = ["paper", "surface", "sunk"];
const pairs = (fronts: string[], backs: string[]): [string, string][] => fronts.flatMap((front) => backs.map((back): [string, string] => [front, back]));

const TEXT: [string, string][] = [
  ...pairs(["ink", "ink2", "ink3", "accent", "ai", "ins", "del", "warn", "info"], SHEETS),
  ...pairs(["ink", "ink2", "ink3", "accent"], ["accent-bg"]),
  ...pairs(["ink", "ink2", "ink3", "ai"], ["ai-bg"]),
  ...pairs(["ink", "ins"], ["ins-bg"]),
  ...pairs(["ink", "del"], ["del-bg"]),
  ...pairs(["ink", "ink2", "warn"], ["warn-bg"]),
  ["on-accent", "accent"],
];
const OPERATED = pairs(["edge", "focus", "accent", "ai", "ins", "del", "warn"], [...SHEETS, "accent-bg"]);

describe.each(["light", "dark"] as const)("in %s", (scheme) => {
  const colour = (name: string): string => {
    const found = tokens.get(name)?.[scheme];
    if (!found) throw new Error(`tokens.css has no colour --${name}`);
    return found;
  };
  it.each(TEXT)("--%s can be read on --%s", (front, back) => expect(contrast(colour(front), colour(back))).toBeGreaterThanOrEqual(4.5));
  it.each(OPERATED)("--%s is seen on --%s", (front, back) => expect(contrast(colour(front), colour(back))).toBeGreaterThanOrEqual(3));
});

it("counts as the recommendation does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
