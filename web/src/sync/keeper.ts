// Keeps the latest state of one replica on the device, one write at a time.

import { recordKey, toBase, toRecord, type DeviceStore } from "./device_store.js";
import type { Replica } from "./replica.js";

export class Keeper {
  private wanted: Replica | null = null;
  private writing: Promise<void> | null = null;
  private failing = false;

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
    this.store.leave(toRecord(this.draftId, replica, this.now()), toBase(this.draftId, replica, this.now()));
  }

  private async write(store: DeviceStore): Promise<void> {
    const before = this.failing;
    try {
      while (this.wanted !== null && this.onDevice !== this.wanted) {
        const present = this.wanted;
        const moved = this.onDevice?.seq !== present.seq || this.onDevice.texts !== present.texts || this.onDevice.values !== present.values;
        await store.save(toRecord(this.draftId, present, this.now()), moved ? toBase(this.draftId, present, this.now()) : null);
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
