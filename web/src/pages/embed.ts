// The report form in another site's frame, and the window in which its writer signs in. Browsers give such a frame no
// cookie, so that window hands it a token; what was typed before stays in the frame. Only our own pages are believed, and
// the site that shows the frame is told no more than that it may close it.

import { api, Problem, useBearer } from "../common/api.js";
import { byId, h, icon, meta, pageData } from "../common/dom.js";
import { recall, remember } from "../common/kept.js";
import { toast } from "../common/toast.js";
import type { Details } from "../reports/facts.js";
import { factsOf } from "../reports/facts.js";
import { missingIn, reportForm, type ReportForm } from "../reports/form.js";
import { findUnfinished, loadReport, newReport } from "../reports/unfinished.js";
import { REPORTS, type ReportKind } from "../reports/words.js";
import { write, type Sending, type Writing } from "../reports/writing.js";

interface Shown {
  kind: ReportKind;
  origin: string;
}

interface FromSite {
  draftloom?: "page";
  address?: unknown;
  window?: unknown;
}

interface FromWindow {
  draftloom?: "signed-in";
  token?: unknown;
  account?: unknown;
}

export function openEmbed(): void {
  if (document.getElementById("embed-report")) void new EmbeddedReport(pageData<Shown>()).open();
}

class EmbeddedReport {
  private readonly kind: ReportKind;
  private readonly origin: string;
  private readonly place = byId("embed-report");
  private facts: Details = factsOf("");
  private report: Writing | null = null;
  /** The window in which somebody signs in just now. */
  private connecting: Window | null = null;

  constructor({ kind, origin }: Shown) {
    this.kind = kind;
    this.origin = origin;
  }

  async open(): Promise<void> {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.tell({ draftloom: "close" });
    });
    this.facts = await this.site();
    if (meta("account")) await this.write();
    else this.anonymous();
    this.place.setAttribute("aria-busy", "false");
  }

  private tell(words: object): void {
    window.parent.postMessage(words, this.origin);
  }

  /** What the site says of the page the form is shown over. */
  private site(): Promise<Details> {
    return new Promise((resolve) => {
      const late = window.setTimeout(() => resolve(factsOf(this.origin)), 2_000);
      window.addEventListener("message", (event: MessageEvent<FromSite>) => {
        if (event.origin !== this.origin || event.source !== window.parent || event.data.draftloom !== "page") return;
        clearTimeout(late);
        const { address, window: size } = event.data;
        resolve({ ...factsOf(typeof address === "string" ? address.slice(0, 2_000) : this.origin), ...(typeof size === "string" ? { window: size.slice(0, 40) } : {}) });
      });
      this.tell({ draftloom: "ready" });
    });
  }

  private lay(form: ReportForm, note: string, pill: boolean, run: () => Promise<void>): void {
    let sending = false;
    // Pressed again it is sent once; the window to sign in may have got behind another.
    const send = (): void => {
      if (sending) return this.connecting?.focus();
      sending = true;
      void run().finally(() => (sending = false));
    };
    const words = REPORTS[this.kind];
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => this.tell({ draftloom: "close" }) }, icon("close"));
    const button = h("button", { type: "button", class: "button primary", onclick: send }, words.send);
    form.element.onsubmit = (event) => {
      event.preventDefault();
      send();
    };
    this.place.replaceChildren(
      h("div", { class: "dialog-head" }, h("h1", {}, words.title), h("span", { class: "grow" }), close),
      h("div", { class: "dialog-body" }, form.element),
      h("div", { class: "dialog-foot" }, pill ? form.pill : h("span", { class: "hint" }, note), h("span", { class: "grow" }), button),
    );
    form.title.focus();
  }

  /** With an account: saved as it is typed, and an unfinished one is gone on with. */
  private async write(): Promise<Writing> {
    const found = await findUnfinished(this.kind).catch(() => null);
    const draft = found ? await loadReport(found.id, this.kind) : newReport(this.kind);
    const report = await write(draft, this.kind, { facts: this.facts, areas: false, ended: () => void this.again(), signIn: () => this.signIn() });
    this.report = report;
    this.lay(report.form, "", true, () => this.send());
    return report;
  }

  private async again(): Promise<void> {
    this.report = null;
    await this.write();
  }

  private get keptKey(): string {
    return `embed.${this.origin}.${this.kind}`;
  }

  /** Without an account yet: the words are kept in this frame until somebody signs in to send them. */
  private anonymous(): void {
    let details: Details = {};
    const form = reportForm(this.kind, this.facts, false, (next) => {
      details = next;
      keep();
    });
    const keep = (): void => remember(this.keptKey, JSON.stringify({ title: form.title.value, description: form.description.value, details }));
    const kept = read(recall(this.keptKey));
    form.title.value = kept.title;
    form.description.value = kept.description;
    details = kept.details;
    form.showDetails(details);
    form.element.addEventListener("input", keep);
    this.lay(form, "Kept in this browser. Sign in to send it.", false, () => this.sendAfterSignIn(form));
  }

  private async sendAfterSignIn(form: ReportForm): Promise<void> {
    const missing = missingIn(form);
    form.showErrors(missing);
    if (missing.length > 0) return;
    if (!(await this.signIn())) return void toast("Sign in to send it. Your words are kept.");
    // As they stand by now: the form could be written in meanwhile.
    const typed = { title: form.title.value, description: form.description.value, details: form.details() };
    try {
      const report = await this.fresh();
      for (const control of [report.form.title, report.form.description]) {
        control.value = control === report.form.title ? typed.title : typed.description;
        control.dispatchEvent(new Event("input", { bubbles: true }));
      }
      report.form.showDetails(typed.details);
      await this.send();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(error.message);
    }
  }

  /** A report of its own: what was typed here must not mix with one begun elsewhere. */
  private async fresh(): Promise<Writing> {
    const report = await write(newReport(this.kind), this.kind, { facts: this.facts, areas: false, ended: () => void this.again(), signIn: () => this.signIn() });
    this.report = report;
    this.lay(report.form, "", true, () => this.send());
    return report;
  }

  private async send(): Promise<void> {
    if (this.report === null) return;
    const result: Sending = await this.report.send();
    if (result.is === "refused") toast(result.message);
    if (result.is === "waiting") toast("There is no connection. It is sent as soon as there is one, while this page stays open.");
    if (result.is !== "sent") return;
    remember(this.keptKey, null);
    this.report.close();
    this.report = null;
    this.tell({ draftloom: "sent", number: result.sent.number });
    const done = h("button", { type: "button", class: "button primary", onclick: () => this.tell({ draftloom: "close" }) }, "Done");
    const more = h("button", { type: "button", class: "button", onclick: () => void this.fresh() }, "Write another");
    this.place.replaceChildren(
      h("div", { class: "report-thanks", role: "status" }, h("span", { class: "report-check" }, icon("check")), h("p", { class: "report-number" }, `${REPORTS[this.kind].thanks} `, h("b", {}, `#${result.sent.number}`), ".")),
      h("div", { class: "dialog-foot" }, more, done),
    );
    done.focus();
  }

  /** Opens the window at once, while the browser still counts it as the person's own doing. */
  private signIn(): Promise<boolean> {
    const opened = window.open("/embed/connect", "draftloom-sign-in", "popup,width=480,height=680");
    if (opened === null) {
      toast("The browser did not open the window to sign in. Allow it and try again.");
      return Promise.resolve(false);
    }
    this.connecting = opened;
    return new Promise((resolve) => {
      const looking = window.setInterval(() => opened.closed && end(false), 500);
      const heard = (event: MessageEvent<FromWindow>): void => {
        const { draftloom, token, account } = event.data;
        if (event.origin !== location.origin || draftloom !== "signed-in" || typeof token !== "string" || typeof account !== "string") return;
        useBearer(token);
        signedInAs(account);
        end(true);
      };
      const end = (done: boolean): void => {
        clearInterval(looking);
        window.removeEventListener("message", heard);
        this.connecting = null;
        resolve(done);
      };
      window.addEventListener("message", heard);
    });
  }
}

/** From here on the page is this account's, as if it had been served to it. */
function signedInAs(account: string): void {
  const named = document.querySelector<HTMLMetaElement>('meta[name="account"]');
  if (named) named.content = account;
  else document.head.append(h("meta", { name: "account", content: account }));
}

function read(text: string | null): { title: string; description: string; details: Details } {
  try {
    const kept = JSON.parse(text ?? "{}") as { title?: string; description?: string; details?: Details };
    return { title: kept.title ?? "", description: kept.description ?? "", details: kept.details ?? {} };
  } catch {
    return { title: "", description: "", details: {} };
  }
}

/** The window to sign in: hands the token to the frame that opened it, and to nobody else. */
export function openConnect(): void {
  const say = byId("connect-say");
  const opener = window.opener as Window | null;
  if (opener === null) {
    say.textContent = "Go back to the page you came from.";
    return;
  }
  api<{ token: string; account: string }>("POST", "/api/embed/token").then(
    ({ token, account }) => {
      // Reaches the opener only while it shows a page of this server.
      opener.postMessage({ draftloom: "signed-in", token, account }, location.origin);
      say.textContent = "You can close this window.";
      window.close();
    },
    (error: unknown) => void (say.textContent = error instanceof Problem ? error.message : "That did not work. Close this window and try again."),
  );
}
