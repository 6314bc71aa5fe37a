// Which open page owns which replica. A page holds a lock named after its replica for as long as it lives; the browser
// frees it when the page dies, and only then may another page take its records over.

const lockName = (replica: string): string => `draftloom.replica.${replica}`;
const ASK_FOR = 250;

export interface Ownership {
  hold(replica: string): void;
  /** True when nobody owns the replica (any more); the caller owns it from then on. */
  claim(replica: string): Promise<boolean>;
  /** Gives back what was claimed, for others to claim. */
  release(replica: string): void;
}

export function ownership(): Ownership {
  return "locks" in navigator && navigator.locks ? byLocks(navigator.locks) : byAsking();
}

function byLocks(locks: LockManager): Ownership {
  const forever = new Promise<never>(() => undefined);
  const claimed = new Map<string, () => void>();
  return {
    hold(replica) {
      void locks.request(lockName(replica), () => forever).catch(() => undefined);
    },
    claim(replica) {
      return new Promise((resolve) => {
        const taken = locks.request(lockName(replica), { ifAvailable: true }, (lock) => {
          if (lock === null) return resolve(false);
          const held = new Promise<void>((free) => claimed.set(replica, free));
          resolve(true);
          return held;
        });
        taken.catch(() => resolve(false));
      });
    },
    release(replica) {
      claimed.get(replica)?.();
      claimed.delete(replica);
    },
  };
}

/** Web Locks exist in secure contexts only. On a plain address in the local network pages ask each other instead. */
function byAsking(): Ownership {
  const channel = new BroadcastChannel("draftloom.replicas");
  const mine = new Set<string>();
  const answers = new Set<string>();
  channel.addEventListener("message", ({ data }: MessageEvent<{ ask?: string; alive?: string }>) => {
    if (data.ask !== undefined && mine.has(data.ask)) channel.postMessage({ alive: data.ask });
    if (data.alive !== undefined) answers.add(data.alive);
  });
  return {
    hold: (replica) => void mine.add(replica),
    async claim(replica) {
      if (mine.has(replica)) return false;
      answers.delete(replica);
      channel.postMessage({ ask: replica });
      await new Promise((resolve) => setTimeout(resolve, ASK_FOR));
      if (answers.has(replica)) return false;
      mine.add(replica);
      return true;
    },
    release: (replica) => void mine.delete(replica),
  };
}
