// What a page writes when it may die any moment: local storage, the only store that is done when the call returns. A
// later page moves it to where all else is kept.

import type { BaseRecord, OutboxRecord } from "./device_store.js";

interface Words {
  record: OutboxRecord;
  base: BaseRecord;
}

const prefixOf = (account: string): string => `draftloom-${account}/leaving/`;

export class LastWords {
  private readonly prefix: string;

  constructor(account: string) {
    this.prefix = prefixOf(account);
  }

  keep(record: OutboxRecord, base: BaseRecord): void {
    const name = this.prefix + record.key;
    try {
      if (record.empty) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify({ record, base }));
    } catch {
      // Full or blocked: the copy that is written in its own time must do, and the farewell request.
    }
  }

  /** Gives each page's last words to `take`, then lets them go; what cannot be taken stays. */
  async hand(take: (words: Words) => Promise<void>): Promise<void> {
    for (const name of namesWith(this.prefix)) {
      const text = localStorage.getItem(name);
      const words = read(text);
      if (words) await take(words);
      // A page that lives may have written again meanwhile.
      if (localStorage.getItem(name) === text) localStorage.removeItem(name);
    }
  }
}

export function forgetLastWords(account: string): void {
  for (const name of namesWith(prefixOf(account))) localStorage.removeItem(name);
}

function namesWith(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

function read(text: string | null): Words | null {
  try {
    const words = JSON.parse(text ?? "null") as Words | null;
    return words?.record?.key && words.base?.key ? words : null;
  } catch {
    return null;
  }
}
