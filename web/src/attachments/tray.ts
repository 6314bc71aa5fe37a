// The files of a message being written: picked, dropped or pasted, on their way, checked, taken off again.

import { Problem } from "../common/api.js";
import { h, icon } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { toast } from "../common/toast.js";
import type { ComposerFiles, ComposerPlace } from "../goals/mounts.js";
import { carrierTo } from "./carrier.js";
import { Chip, isRefused } from "./chip.js";
import { Upload } from "./upload.js";
import { viewPictures } from "./viewer.js";
import { accepted, attachedTo, attachment, bytes, isPicture, removeAttachment, type Attached } from "./wire.js";

const LOOK_FIRST = 400;
const LOOK_LATER = 5_000;

interface Item {
  chip: Chip;
  upload: Upload | null;
  file: Attached | null;
}

export class Tray implements ComposerFiles {
  private items: Item[] = [];
  private readonly list = h("ul", { class: "file-chips", "aria-label": "Files of this message" });
  private readonly hint = h("p", { class: "hint", hidden: true });
  private timer = 0;
  private looked = 0;

  constructor(private place: ComposerPlace) {
    const input = h("input", { type: "file", multiple: true, hidden: true });
    input.addEventListener("change", () => {
      this.add([...(input.files ?? [])]);
      input.value = "";
    });
    const pick = h("button", { type: "button", class: "icon-button attach", "aria-label": "Attach files", title: "Attach files (or drop or paste them)", onclick: () => input.click() }, icon("attach"));
    place.tools.prepend(pick, input);
    this.draw();
  }

  get any(): boolean {
    return this.items.some(({ upload, file }) => (file ? !isRefused(file) : upload?.progress !== "refused"));
  }
  get ready(): boolean {
    return this.items.every(({ upload, file }) => file !== null || upload?.progress === "refused");
  }

  /** The message has a draft: the files that hang on it already. */
  async opened(message: string): Promise<void> {
    try {
      for (const file of await attachedTo(message)) {
        if (!this.items.some((item) => item.file?.id === file.id || item.upload?.uploadId === file.id)) this.show(file);
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    this.draw();
  }

  /** Goes on with what another form of the same message had begun. */
  takeOver(other: ComposerFiles): void {
    if (!(other instanceof Tray)) return;
    const known = new Set(this.items.map(({ file }) => file?.id));
    this.items.push(...other.items.filter(({ file }) => file === null || !known.has(file.id)));
    other.items = [];
    other.stop();
    other.heir = this;
    if (!other.hint.hidden) this.warn(false);
    this.draw();
  }
  private heir: Tray | null = null;

  add(files: File[]): void {
    if (this.heir) return this.heir.add(files);
    for (const file of files) void this.take(file);
  }

  private async take(file: File): Promise<void> {
    const item: Item = { chip: null as never, upload: null, file: null };
    const key = `upload.${file.name}.${file.size}.${file.lastModified}`;
    const carrier = carrierTo(() => this.current().place.draft());
    const upload = new Upload(
      file,
      carrier,
      () => {
        if (upload.progress === "sending" && upload.uploadId) remember(key, upload.uploadId);
        if (upload.over) remember(key, null);
        if (upload.attached) item.file ??= upload.attached;
        this.current().draw();
        if (upload.progress === "arrived") this.current().watch(LOOK_FIRST);
      },
      recall(key),
    );
    item.upload = upload;
    item.chip = new Chip(file.name, file.size, {
      retry: () => void upload.run(),
      remove: () => void this.current().remove(item),
      view: () => this.current().view(item),
    });
    this.items.push(item);
    this.draw();
    const problem = await this.refusal(file);
    if (problem) return upload.refuse(problem);
    await upload.run();
  }

  private current(): Tray {
    return this.heir?.current() ?? this;
  }

  /** What can be said before anything is sent. */
  private async refusal(file: File): Promise<string> {
    if (file.size === 0) return "This file is empty.";
    try {
      const { most_bytes, most_per_message, scanned } = await accepted();
      this.current().warn(scanned);
      if (file.size > most_bytes) return `A file has at most ${bytes(most_bytes)}.`;
      if (this.current().items.length > most_per_message) return `A message has at most ${most_per_message} files.`;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
    return "";
  }

  private warn(scanned: boolean): void {
    this.hint.hidden = scanned;
    this.hint.textContent = "Files are not scanned for viruses here; open only what you expect.";
  }

  private show(file: Attached): void {
    const item: Item = { chip: null as never, upload: null, file };
    item.chip = new Chip(file.name, file.size, { retry: () => undefined, remove: () => void this.current().remove(item), view: () => this.current().view(item) });
    this.items.push(item);
    this.watch(LOOK_FIRST);
  }

  private view(item: Item): void {
    const pictures = this.items.flatMap(({ file }) => (file && file.state === "clean" && isPicture(file) ? [file] : []));
    if (item.file) viewPictures(pictures, item.file.id);
  }

  private async remove(item: Item): Promise<void> {
    this.items = this.items.filter((other) => other !== item);
    this.draw();
    try {
      if (item.file) await removeAttachment(item.file.id);
      else if (item.upload?.progress !== "refused") await this.cancel(item.upload);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404) return;
      toast(error.message);
      // It would go with the message all the same.
      if (item.file) this.items.push(item);
      this.draw();
    }
  }

  /** The last answer of an upload may be on its way: then the file hangs on the message already, under the same id. */
  private async cancel(upload: Upload | null): Promise<void> {
    try {
      await upload?.cancel();
    } catch (error) {
      if (!(error instanceof Problem && error.status === 404 && upload?.uploadId)) throw error;
      await removeAttachment(upload.uploadId);
    }
  }

  /** Asks what became of files that are being checked, seldom once it takes long. */
  private watch(wait: number): void {
    clearTimeout(this.timer);
    const waiting = this.items.filter(({ file }) => file?.state === "pending" || file?.state === "error");
    if (waiting.length === 0) return;
    this.timer = window.setTimeout(() => void this.look(waiting, Math.min(LOOK_LATER, wait * 1.5)), wait);
  }

  private async look(waiting: Item[], next: number): Promise<void> {
    const round = (this.looked += 1);
    for (const item of waiting) {
      try {
        if (item.file) item.file = await attachment(item.file.id);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
      }
    }
    if (round !== this.looked || !this.place.files.isConnected) return; // Sent meanwhile, or another form's now.
    this.draw();
    this.watch(next);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.looked += 1;
  }

  private draw(): void {
    for (const { chip, file, upload } of this.items) {
      if (file) chip.arrived(file);
      else if (upload) chip.uploading(upload);
    }
    const elements = this.items.map(({ chip }) => chip.element);
    if (elements.length !== this.list.childElementCount || elements.some((element) => element.parentElement !== this.list)) this.list.replaceChildren(...elements);
    if (elements.length === 0) this.place.files.replaceChildren();
    else if (this.list.parentElement !== this.place.files) this.place.files.replaceChildren(this.list, this.hint);
    this.place.changed();
  }
}
