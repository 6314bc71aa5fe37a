// The text and its versions: keeping it as one, bringing one back, the name of the present one in the footer.

import { api } from "../common/api.js";
import { byId } from "../common/dom.js";
import { toast } from "../common/toast.js";
import type { Session } from "../sync/session.js";
import type { Moved } from "../versions/branches.js";
import type { Version } from "../versions/tree.js";

export class TextVersions {
  constructor(
    private readonly draftId: string,
    private readonly session: Session,
    /** The list of versions has changed. */
    private readonly changed: () => void,
  ) {}

  named(number: number, label: string | null): void {
    byId("version-name").textContent = label ? `Version ${number} · ${label}` : `Version ${number}`;
  }

  /** The text as it is now, as a version; the one it already is when nothing changed. */
  async checkpoint(label?: string): Promise<Version> {
    await this.session.settled();
    const version = await api<Version>("POST", `/api/drafts/${this.draftId}/versions`, label ? { label } : {});
    this.named(version.number, version.label);
    return version;
  }

  async restore(version: { id: string; number: number }): Promise<void> {
    const before = await this.checkpoint();
    await this.bring(version.id);
    const undo = (): void => void this.bring(before.id).catch(() => toast("That did not work. The version is in the list."));
    toast(`Version ${version.number} is back. Your text before is version ${before.number}.`, { label: "Undo", run: undo });
  }

  /** Sends what changes the text on the server, and follows it there. */
  async act(path: string, body?: unknown): Promise<Moved> {
    await this.session.settled();
    const moved = await api<Moved>("POST", path, body);
    await this.session.reach(moved.seq);
    this.named(moved.version.number, moved.version.label);
    this.changed();
    return moved;
  }

  /** What was taken of alternatives: in the text since `seq`, or beside it. */
  async taken({ number, applied }: { number: number; applied: boolean }, seq: number): Promise<void> {
    if (applied) {
      await this.session.reach(seq);
      this.named(number, null);
    }
    toast(applied ? `Taken: this is version ${number} now.` : `Your choice stands beside your text as version ${number}.`);
    this.changed();
  }

  private async bring(versionId: string): Promise<void> {
    const { version, seq } = await api<{ version: Version; seq: number }>("POST", `/api/drafts/${this.draftId}/restore`, { version_id: versionId });
    await this.session.reach(seq);
    this.named(version.number, version.label);
    this.changed();
  }
}
