// Keeps the latest state of one replica on the device, one write at a time.

import { recordKey, toBase, toRecord, type DeviceStore } from "./device_store.js";
import type { Replica } from "./replica.js";

export class Keeper {
  private wanted: Replica | null = null;
  private writing: Promise<void> | null = null;
  private failing = false;
  private stamped = 0;

  constructor(
    private readonly draftId: string,
    private readonly store: DeviceStore | null,
    private readonly now: () => number,
    private readonly healthChanged: () => void,
    /** The state the device is known to hold already. */
    private onDevice: Replica | null,
  ) {}

  /** Whether unsent words survive this page. */
  get works(): boolean {
    return this.store !== null && !this.failing;
  }

  /** Resolves when the state is on the device, or storage has failed. */
  keep(replica: Replica): Promise<void> {
    if (this.store === null || this.onDevice === replica) return Promise.resolve();
    this.wanted = replica;
    this.writing ??= this.write(this.store);
    return this.writing;
  }

  /** At once, should the page die; nothing is kept that the device holds already or that is saved. */
  leave(replica: Replica): void {
    if (this.store === null || this.onDevice === replica) return;
    const at = this.stamp();
    this.store.leave(toRecord(this.draftId, replica, at), toBase(this.draftId, replica, at));
  }

  /** Which of two states of this page is the later one is told by this, also when the device's clock was set back. */
  private stamp(): number {
    this.stamped = Math.max(this.now(), this.stamped + 1);
    return this.stamped;
  }

  private async write(store: DeviceStore): Promise<void> {
    const before = this.failing;
    try {
      while (this.wanted !== null && this.onDevice !== this.wanted) {
        const present = this.wanted;
        const moved = this.onDevice?.seq !== present.seq || this.onDevice.texts !== present.texts || this.onDevice.values !== present.values;
        const at = this.stamp();
        await store.save(toRecord(this.draftId, present, at), moved ? toBase(this.draftId, present, at) : null);
        this.onDevice = present;
        this.failing = false;
      }
    } catch {
      // An old record would be sent again after a reload; none is safer than a wrong one.
      this.onDevice = null;
      this.failing = true;
      if (this.wanted) await store.remove(recordKey(this.draftId, this.wanted.id)).catch(() => undefined);
    } finally {
      this.writing = null;
    }
    if (this.failing !== before) this.healthChanged();
  }

  /** Whether a command numbered now would be recognised by the server if a later page sent what the device holds: it
   *  bears the same number, though perhaps a few keys less. */
  recognises(replica: Replica): boolean {
    if (!this.works) return true;
    const kept = this.onDevice;
    return kept !== null && kept.flying === null && kept.nextN === replica.nextN;
  }

  async forget(replica: Replica): Promise<void> {
    await this.keep(replica);
    await this.store?.remove(recordKey(this.draftId, replica.id)).catch(() => undefined);
  }
}
