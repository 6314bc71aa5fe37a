// The dialog of a report: asks whether to go on with an unfinished one, holds the form, and says what became of it.

import { api, Problem } from "../common/api.js";
import { openDialog, type Dialog } from "../common/dialog.js";
import { h, icon } from "../common/dom.js";
import { ago } from "../common/format.js";
import { toast } from "../common/toast.js";
import { forgetUnborn, unbornKind } from "../sync/unborn.js";
import { factsOf } from "./facts.js";
import { findUnfinished, forgetHere, loadReport, newReport, type Unfinished } from "./unfinished.js";
import { isWaiting, stopWaiting, type Sent } from "./waiting.js";
import { REPORTS, type ReportKind } from "./words.js";
import { write, type Ended, type Writing } from "./writing.js";

const writing = new Map<ReportKind, Writing>();
let shown: ReportDialog | null = null;

/** Opens the report of this kind over the page: the one named, or what was begun last, or a new one. */
export function openReport(kind: ReportKind, id: string | null = null): void {
  if (shown?.kind === kind && shown.visible) return;
  shown?.close();
  shown = new ReportDialog(kind, id);
  void shown.open();
}

class ReportDialog {
  private readonly dialog: Dialog;
  private current: Writing | null = null;
  private finished = false;
  /** What the way out of the trash is called depends on whether words wait to be written in. */
  private sayPutAside: () => void = () => undefined;

  constructor(readonly kind: ReportKind, private readonly named: string | null) {
    this.dialog = openDialog(REPORTS[kind].title, [h("p", { class: "report-loading", role: "status" }, "Looking for an unfinished one…")], [h("span", { class: "grow" })], { onclose: () => this.closed() });
    this.dialog.element.classList.add("report-dialog");
    this.dialog.foot.hidden = true;
    // Whoever begins to type before the form is there must not press the cross with a blank.
    this.dialog.body.tabIndex = -1;
    this.dialog.body.focus();
    this.dialog.element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void this.send();
    });
  }

  close(): void {
    this.dialog.close();
  }

  /** False as soon as it closes, which is a moment before it is told so. */
  get visible(): boolean {
    return this.dialog.element.open;
  }

  async open(): Promise<void> {
    if (this.named !== null) return this.openNamed(this.named);
    const here = this.here();
    if (here && !isWaiting(here.id)) return this.showForm(here);
    if (here) return this.ask({ id: here.id, title: here.form.title.value, excerpt: here.form.description.value.slice(0, 120), at: new Date().toISOString() });
    try {
      const found = await findUnfinished(this.kind);
      if (found === null) await this.start(newReport(this.kind));
      else if (!isWaiting(found.id) && found.title === "" && found.excerpt === "") await this.start(await loadReport(found.id, this.kind));
      else this.ask(found);
    } catch (error) {
      this.fail(error);
    }
  }

  private async openNamed(id: string): Promise<void> {
    try {
      await this.start(await loadReport(id, this.kind));
    } catch (error) {
      this.fail(error);
    }
  }

  /** What this page has been writing, unless it has come to its end. */
  private here(): Writing | null {
    const report = writing.get(this.kind);
    return report && report.ended === null ? report : null;
  }

  private body(...content: Node[]): void {
    this.dialog.body.replaceChildren(...content);
  }

  private foot(...buttons: (Node | null)[]): void {
    this.dialog.foot.replaceChildren(...buttons.filter((button) => button !== null));
    this.dialog.foot.hidden = buttons.length === 0;
  }

  private fail(error: unknown): void {
    if (!(error instanceof Problem)) throw error;
    const again = h("button", { type: "button", class: "button", onclick: () => void this.open() }, "Try again");
    this.body(h("div", { class: "notice bad", role: "alert" }, h("span", { class: "grow" }, error.message)));
    this.foot(again);
    again.focus();
  }

  private ask(found: Unfinished): void {
    const { name } = REPORTS[this.kind];
    const waits = isWaiting(found.id);
    const go = h("button", { type: "button", class: "button primary", onclick: () => void this.goOn(found) }, waits ? "Open it again" : "Continue");
    const fresh = h("button", { type: "button", class: "button", onclick: () => void this.startFresh(found, fresh) }, "Start fresh");
    const when = ago(found.at);
    this.body(
      h(
        "div",
        { class: "report-restore", role: "group", "aria-label": `Unfinished ${name}` },
        h("p", {}, waits ? `A ${name} waits on this device until there is a connection, from ${when}.` : `Unfinished ${name} from ${when}.`),
        h("blockquote", {}, h("b", {}, found.title || "Without a title"), found.excerpt && h("span", {}, found.excerpt)),
        !waits && h("p", { class: "hint" }, "If you start fresh, this one goes to the trash and is kept there for 30 days."),
      ),
    );
    this.foot(h("span", { class: "grow" }), waits ? h("button", { type: "button", class: "button", onclick: () => void this.begin() }, "Write another") : fresh, go);
    go.focus();
  }

  private async goOn(found: Unfinished): Promise<void> {
    stopWaiting(found.id);
    const here = this.here();
    if (here?.id === found.id) {
      here.hold();
      return this.showForm(here);
    }
    try {
      await this.start(await loadReport(found.id, this.kind));
    } catch (error) {
      this.fail(error);
    }
  }

  private async startFresh(found: Unfinished, pressed: HTMLButtonElement): Promise<void> {
    pressed.disabled = true;
    await trash(found.id, this.kind);
    await this.begin();
  }

  private async begin(): Promise<void> {
    try {
      await this.start(newReport(this.kind));
    } catch (error) {
      this.fail(error);
    }
  }

  private async start(draft: Parameters<typeof write>[0], writeBack = false): Promise<void> {
    const report = await write(draft, this.kind, { facts: factsOf(location.href), areas: true, ended: (how) => this.ended(how), putAside: () => this.sayPutAside(), writeBack });
    writing.set(this.kind, report);
    if (shown !== this) return;
    this.showForm(report);
    if (draft.status !== "discarded") return;
    report.form.lock();
    this.ended("discarded");
  }

  private showForm(report: Writing): void {
    this.current = report;
    const { form } = report;
    form.element.onsubmit = (event) => {
      event.preventDefault();
      void this.send();
    };
    this.body(form.element);
    const discard = h("button", { type: "button", class: "button quiet", onclick: () => void this.discard() }, icon("trash"), "Discard");
    const send = h("button", { type: "button", class: "button primary", onclick: () => void this.send() }, REPORTS[this.kind].send);
    this.foot(form.pill, h("span", { class: "grow" }), discard, send);
    (form.title.value === "" ? form.title : form.description).focus();
  }

  private async send(): Promise<void> {
    const report = this.current;
    const button = this.dialog.foot.querySelector<HTMLButtonElement>(".primary");
    if (report === null || button === null || button.disabled) return;
    button.disabled = true;
    try {
      const result = await report.send();
      if (result.is === "sent") this.thank(result.sent);
      if (result.is === "waiting") this.waits();
      if (result.is === "refused") toast(result.message);
    } finally {
      button.disabled = false;
    }
  }

  private thank(sent: Sent): void {
    const words = REPORTS[this.kind];
    this.over();
    this.body(
      h("div", { class: "report-thanks", role: "status" }, h("span", { class: "report-check" }, icon("check")), h("p", { class: "report-number" }, `${words.thanks} `, h("b", {}, `#${sent.number}`), "."), h("p", { class: "hint" }, "You see under Reports what becomes of it.")),
    );
    const done = h("button", { type: "button", class: "button primary", onclick: () => this.close() }, "Done");
    this.foot(h("a", { class: "button", href: `/submissions/${sent.id}` }, "Show it"), done);
    done.focus();
  }

  private waits(): void {
    this.finished = true;
    this.body(h("div", { class: "report-thanks", role: "status" }, h("p", {}, h("b", {}, "Kept on this device.")), h("p", { class: "hint" }, "There is no connection to the server. It is sent by itself as soon as there is one, also when you have closed this page and open Draftloom again.")));
    const done = h("button", { type: "button", class: "button primary", onclick: () => this.close() }, "Done");
    this.foot(done);
    done.focus();
  }

  private over(): void {
    this.finished = true;
    this.current?.close();
    writing.delete(this.kind);
  }

  private async discard(): Promise<void> {
    const report = this.current;
    if (report === null || this.finished) return;
    this.finished = true;
    if (!report.begun && unbornKind(report.id) !== null) {
      forgetUnborn(report.id);
      forgetHere(this.kind, report.id);
    } else if (!(await trashed(report, this.kind))) {
      this.finished = false;
      return;
    }
    this.over();
    this.close();
  }

  /** In another window, or by another person who may. */
  private ended(how: Ended): void {
    const report = this.current;
    if (this.finished || shown !== this || report === null) return;
    writing.delete(this.kind);
    const said: Record<Ended, string> = {
      submitted: "It was sent, from another window.",
      discarded: "It is in the trash.",
      gone: "It is not there any more. What is written here is not saved.",
    };
    const back = h("button", { type: "button", class: "button small", onclick: () => void this.putBack(report) });
    const text = h("span", { class: "grow" });
    const notice = h("div", { class: "notice", role: "alert" }, text, how === "discarded" && back);
    report.form.element.prepend(notice);
    this.sayPutAside = () => {
      const aside = how === "discarded" && report.putAside.count > 0;
      text.textContent = aside ? `${said[how]} What you wrote before it could be saved is kept on this device.` : said[how];
      back.textContent = aside ? "Put back with what you wrote" : "Put it back";
    };
    this.sayPutAside();
    const fresh = h("button", { type: "button", class: "button", onclick: () => void this.begin() }, "Write a new one");
    this.foot(h("span", { class: "grow" }), fresh, h("button", { type: "button", class: "button primary", onclick: () => this.close() }, "Close"));
  }

  private async putBack(report: Writing): Promise<void> {
    const writeBack = report.putAside.count > 0;
    try {
      await api("POST", `/api/drafts/${report.id}/recover`);
      report.close();
      await this.start(await loadReport(report.id, this.kind), writeBack);
    } catch (error) {
      this.fail(error);
    }
  }

  private closed(): void {
    if (shown === this) shown = null;
    const report = this.current;
    if (this.finished || report === null || report.ended !== null || !report.begun) return;
    toast(`Your ${REPORTS[this.kind].name} is kept as you left it.`, { label: "Open", run: () => openReport(this.kind) });
  }
}

/** Into the trash, with all its words; false when that cannot be done now. */
async function trashed(report: Writing, kind: ReportKind): Promise<boolean> {
  try {
    await report.saved();
  } catch {
    toast("There is no connection, so it cannot go to the trash yet. It stays here as an unfinished one.");
    return false;
  }
  return trash(report.id, kind);
}

/** Into the trash, from which it can be taken back. What never reached the server stays on the device. */
async function trash(id: string, kind: ReportKind): Promise<boolean> {
  if (unbornKind(id) !== null) {
    toast("The other one has not reached the server yet. It stays on this device, and among your drafts afterwards.");
    return false;
  }
  try {
    await api("DELETE", `/api/drafts/${id}`);
    stopWaiting(id);
    forgetHere(kind, id);
    toast("It is in the trash, for 30 days.", { label: "Undo", run: () => void takeBack(id, kind) });
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.status === 0 ? "The server cannot be reached, so it stays among your drafts." : error.message);
    return false;
  }
}

async function takeBack(id: string, kind: ReportKind): Promise<void> {
  try {
    await api("POST", `/api/drafts/${id}/recover`);
    openReport(kind);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  }
}
