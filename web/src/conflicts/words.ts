// Values of fields as people read them. No DOM.

export interface Choice {
  value: string;
  label: string;
}

/** A value in words. */
export function asWords(value: unknown, choices: readonly Choice[] = []): string {
  const label = (one: unknown): string => choices.find((choice) => choice.value === String(one))?.label ?? String(one);
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.map((one) => (typeof one === "object" ? JSON.stringify(one) : label(one))).join("\n");
  return typeof value === "object" ? JSON.stringify(value, null, 2) : label(value);
}
