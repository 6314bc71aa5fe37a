// Small things a page remembers on this device. Where storage is blocked they last as long as the page.

const memory = new Map<string, string>();

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`draftloom.${key}`);
    else localStorage.setItem(`draftloom.${key}`, value);
  } catch {
    if (value === null) memory.delete(key);
    else memory.set(key, value);
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`draftloom.${key}`);
  } catch {
    return memory.get(key) ?? null;
  }
}
