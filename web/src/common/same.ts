// Whether two JSON values say the same. Values of fields are small, so their text form is compared.

export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
