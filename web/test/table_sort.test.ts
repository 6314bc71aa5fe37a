import { expect, test } from "vitest";
import { compared } from "../src/pages/table_sort.js";

const cell = (text: string, value = 0) => ({ text, value });

test("numbers are compared as numbers, whatever is shown", () => {
  expect(compared(cell("< $0.0001", 0.00005), cell("$10.00", 10), "number")).toBeLessThan(0);
  expect(compared(cell("unpriced", -1), cell("$0.00", 0), "number")).toBeLessThan(0);
});

test("texts are compared as people do", () => {
  expect(compared(cell("Version 9"), cell("Version 10"), "text")).toBeLessThan(0);
  expect(compared(cell("ada"), cell("Bob"), "text")).toBeLessThan(0);
});
