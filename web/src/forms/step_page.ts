// A form on its page: all steps are in it, each has its own address, one of them is shown. Writing is saved by the
// session below; going on asks the server whether the step is right, and goes on without it while there is no network.

import { api, Problem } from "../common/api.js";
import { askText, whyNot } from "../common/dialog.js";
import { byId, h, meta, pageData } from "../common/dom.js";
import { keepPage } from "../common/kept_pages.js";
import { menuButton } from "../common/menu.js";
import { toast } from "../common/toast.js";
import { askedToWriteBack, putBackAndReload } from "../editor/put_aside.js";
import { openFields, type Fields } from "../fields/open.js";
import { shareDialog } from "../sharing/dialog.js";
import { mergedInto } from "../sync/begun_here.js";
import type { SyncStatus } from "../sync/status.js";
import type { DraftEvent } from "../sync/wire.js";
import { completion } from "./answers.js";
import { Conditions } from "./conditions.js";
import { keptForm, sayNothingHere, sayNotKept } from "./kept_form.js";
import { Problems } from "./problems.js";
import { Progress } from "./progress.js";
import { renderReview } from "./review.js";
import { keyOf, placeOf, REVIEW, type FieldProblem, type FormData, type FormState } from "./wire.js";

/** How long going on waits for the server before it goes on without its word. */
const PATIENCE = 4_000;

const explain = (error: unknown): string => (error instanceof Problem ? error.message : "That did not work.");

class FormPage {
  private readonly path: string;
  private readonly form = byId<HTMLFormElement>("form");
  private readonly next = byId<HTMLButtonElement>("step-next");
  private readonly names: string[];
  private readonly unchecked = new Set<string>();
  private readonly progress = new Progress((step) => this.show(step));
  private readonly problems = new Problems(byId("errors"), this.form, { label: (field) => this.label(field), go: (field) => this.go(field) });
  private readonly conditions = new Conditions(this.form);
  private state: FormState;
  private step: string;
  /** Set once the page is open; the session may speak before. */
  private fields!: Fields;
  private toldClosed = false;
  private readonly readOnly: boolean;

  constructor(private readonly data: FormData) {
    this.path = `/api/drafts/${data.draft.id}`;
    this.names = [...data.form.steps.map(({ name }) => name), REVIEW];
    this.state = data.state;
    this.step = stepOfAddress(this.names) ?? this.known(data.state.current_step);
    this.readOnly = data.role === "viewer" || data.draft.status !== "open";
  }

  async open(): Promise<void> {
    this.showStates(this.state);
    this.progress.of(`/forms/${this.data.form.name}/${this.data.draft.id}`);
    this.fields = await openFields(this.data.draft, {
      root: this.form,
      pill: byId<HTMLButtonElement>("save-pill"),
      notices: byId("notices"),
      label: (field) => this.label(field),
      changed: () => this.changed(),
      event: (event) => this.heard(event),
      closed: () => void this.closed(),
      status: (status) => this.followMerge(status),
      readOnly: this.readOnly,
      what: "form",
      show: (field) => this.go(field),
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.goOn();
    });
    this.form.addEventListener("input", () => this.changed());
    byId("step-back").addEventListener("click", () => this.show(this.names[this.names.indexOf(this.step) - 1] ?? this.step));
    window.addEventListener("popstate", () => this.reveal(stepOfAddress(this.names) ?? this.step));
    window.addEventListener("online", () => void this.checkLater());
    const more = document.getElementById("form-more");
    if (more instanceof HTMLButtonElement) menuButton(more, "More", () => this.more());
    this.resume();
    this.reveal(this.step, false);
    this.changed();
    this.followMerge(this.fields.session.status());
    if (this.state.outdated && !this.readOnly) this.sayChanged();
    if (this.data.draft.status !== "open" || this.fields.ended) void this.closed();
    else if (this.data.role === "viewer") this.notice("This form was shared with you to read.");
    else await this.fields.putAside.offer(byId("notices"), askedToWriteBack());
  }

  /** An address without a step leads to where the person was, which this device may know better than the server. */
  private resume(): void {
    if (stepOfAddress(this.names) !== null) return;
    this.step = this.known(this.fields.session.values()["current_step"]);
    history.replaceState(null, "", `/forms/${this.data.form.name}/${this.data.draft.id}/${this.step}`);
  }

  /** The definition may have lost a step since. */
  private known(step: unknown): string {
    return this.names.find((name) => name === step) ?? this.names[0] ?? REVIEW;
  }

  /** The server had an unfinished form like this one: goes there once all that was written here is in it. */
  private followMerge({ synced }: SyncStatus): void {
    // The session may speak before the page knows which step is open.
    if (!this.fields) return;
    const other = synced ? mergedInto(meta("account"), this.data.draft.id) : null;
    if (other !== null) location.replace(`/forms/${this.data.form.name}/${other}/${this.step}`);
  }

  private label(field: string): string {
    return placeOf(this.data.form, field)?.label ?? field;
  }

  private valueOf(key: string): unknown {
    const { session } = this.fields;
    return key.startsWith("text.") ? session.text(key).toString() : session.values()[key];
  }

  // Moving

  private show(step: string): void {
    if (!this.names.includes(step)) return;
    if (step !== this.step) history.pushState(null, "", `/forms/${this.data.form.name}/${this.data.draft.id}/${step}`);
    this.problems.clear();
    this.reveal(step);
    if (!this.readOnly && this.fields.session.values()["current_step"] !== step) this.fields.session.set("current_step", step);
  }

  private reveal(step: string, focus = true): void {
    this.step = step;
    for (const section of this.form.querySelectorAll<HTMLElement>(".form-step")) section.hidden = section.dataset["step"] !== step;
    this.progress.here(step);
    const last = step === REVIEW;
    byId("step-back").hidden = step === this.names[0];
    this.next.textContent = last ? "Hand in" : "Next";
    this.next.hidden = last && (this.readOnly || this.data.role !== "owner");
    if (last) void this.review();
    if (!focus) return;
    const heading = document.getElementById(`step-${step}`);
    heading?.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }

  /** Shows a field, in whatever step it is. */
  private go(field: string): boolean {
    const place = placeOf(this.data.form, field);
    if (!place) return false;
    if (place.step !== this.step) {
      history.pushState(null, "", `/forms/${this.data.form.name}/${this.data.draft.id}/${place.step}`);
      this.reveal(place.step, false);
    }
    const control = this.fields.binding.control(field);
    control?.scrollIntoView({ block: "center" });
    control?.focus();
    return control !== null;
  }

  private async goOn(): Promise<void> {
    const { step } = this;
    const following = this.names[this.names.indexOf(step) + 1];
    // Whoever has gone elsewhere meanwhile stays there.
    const stayed = (): boolean => this.step === step;
    if (following === undefined) return this.handIn();
    if (this.readOnly) return this.show(following);
    this.next.disabled = true;
    try {
      if (!(await this.saved())) {
        this.unchecked.add(step);
        toast("Kept on this device. This step is checked when the server can be reached.");
        if (stayed()) this.show(following);
        return;
      }
      this.showStates(await api<FormState>("POST", `${this.path}/form/steps/${step}`));
      if (stayed()) this.show(following);
    } catch (error) {
      if (!stayed()) return void toast(explain(error));
      if (error instanceof Problem && error.errors.length > 0) this.problems.show(error.errors, "Before you go on");
      else this.problems.say(explain(error));
    } finally {
      this.next.disabled = false;
    }
  }

  /** Whether the server has everything, after a moment of patience. */
  private saved(): Promise<boolean> {
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PATIENCE));
    return Promise.race([this.fields.settled().then(() => true, () => false), late]);
  }

  private async checkLater(): Promise<void> {
    if (!(await this.saved())) return;
    for (const step of [...this.unchecked]) {
      this.unchecked.delete(step);
      // A step that is not right stays open; the review says what is missing.
      await api<FormState>("POST", `${this.path}/form/steps/${step}`).then((state) => this.showStates(state), () => undefined);
    }
  }

  private async handIn(): Promise<void> {
    if (this.fields.conflicts > 0) return this.fields.decide();
    this.next.disabled = true;
    try {
      if (!(await this.saved())) return this.problems.say("The server cannot be reached. Everything is kept on this device; hand it in when the connection is back.");
      await api("POST", `${this.path}/submit`);
    } catch (error) {
      if (error instanceof Problem && error.errors.length > 0) {
        this.problems.show(error.errors, "This is not complete yet");
        await this.review();
      } else this.problems.say(explain(error));
    } finally {
      this.next.disabled = false;
    }
  }

  // Showing

  private async review(): Promise<void> {
    if (!this.fields) return;
    const render = (problems: readonly FieldProblem[]): void => {
      const change = this.readOnly ? null : (step: string, key: string | null) => (key === null ? this.show(step) : void this.go(key));
      byId("answers").replaceChildren(...renderReview(this.data.form, problems, this.unknown(), { valueOf: (key) => this.valueOf(key), change }));
    };
    render([]);
    if (this.readOnly || !(await this.saved())) return;
    const state = await api<FormState>("GET", `${this.path}/form`).catch(() => null);
    if (state === null) return;
    this.showStates(state);
    if (this.step === REVIEW) render(state.steps.flatMap(({ errors }) => errors));
  }

  /** What the draft holds beyond what the form asks. */
  private unknown(): string[] {
    const known = new Set(this.data.form.steps.flatMap(({ fields }) => fields.map(keyOf)));
    return [...new Set([...this.state.unknown, ...Object.keys(this.fields.session.values())])].filter((key) => /^(data|text)\./.test(key) && !known.has(key) && Boolean(this.valueOf(key)));
  }

  private showStates(state: FormState): void {
    this.state = state;
    this.progress.states(state);
  }

  private changed(): void {
    if (!this.fields) return;
    const required = (this.fields.session.values()["required"] ?? []) as string[];
    this.progress.filled(completion(required, (key) => this.valueOf(key)));
    this.conditions.apply((key) => this.valueOf(key));
  }

  private heard(event: DraftEvent): void {
    const ops = event.payload?.["ops"];
    if (Array.isArray(ops) && ops.some((op: { field?: string }) => op.field === "completed_steps")) {
      void api<FormState>("GET", `${this.path}/form`).then((state) => this.showStates(state), () => undefined);
    }
    if (this.step === REVIEW) void this.review();
  }

  private notice(text: string, ...acts: Node[]): HTMLElement {
    const notice = h("div", { class: "notice", role: "status" }, h("span", { class: "grow" }, text), h("div", { class: "acts" }, ...acts));
    byId("notices").append(notice);
    return notice;
  }

  private sayChanged(): void {
    const follow = async (): Promise<void> => {
      try {
        await api("POST", `${this.path}/form/follow`);
        location.reload();
      } catch (error) {
        toast(explain(error));
      }
    };
    const kept = this.state.unknown.length > 0 ? " Answers that are no longer asked for are kept and shown in the review." : "";
    this.notice(`This form has changed since you began.${kept}`, h("button", { type: "button", class: "button small", onclick: () => void follow() }, "Go on with the new form"));
  }

  private async closed(): Promise<void> {
    // It may be told while the page still opens, and again at its end.
    if (!this.fields || this.toldClosed) return;
    this.toldClosed = true;
    byId("form-acts").hidden = true;
    byId("step-back").hidden = true;
    const { status } = await api<{ status: string }>("GET", this.path).catch(() => ({ status: "gone" }));
    if (status === "submitted") {
      void keepPage(`/forms/${this.data.form.name}`);
      this.problems.clear();
      this.reveal(REVIEW, false);
      const done = this.notice("Handed in. It can be read here, and no longer changed.", h("a", { class: "button small", href: "/forms" }, "All forms"));
      done.classList.add("done");
      done.tabIndex = -1;
      done.focus();
      window.scrollTo({ top: 0 });
    } else if (status === "discarded") await this.sayInTrash();
    else this.notice("This form is no longer shared with you, or it is gone. What was not saved is under “Needs you” above.");
  }

  private async sayInTrash(): Promise<void> {
    const back = async (): Promise<void> => {
      try {
        await putBackAndReload(() => api("POST", `${this.path}/recover`), this.fields.putAside.count > 0);
      } catch (error) {
        toast(explain(error));
      }
    };
    const aside = this.fields.putAside.count > 0;
    const why = (await this.expired()) ? "Nobody changed this form for a while, so it went into the trash." : aside ? "This form went into the trash." : "This form is in the trash.";
    const kept = aside ? "What you wrote before it could be saved is kept on this device." : "It can be read, not changed.";
    const whose = this.data.role === "owner" ? "" : " Whoever shared it can put it back.";
    const act = this.data.role === "owner" ? [h("button", { type: "button", class: "button small", onclick: () => void back() }, aside ? "Put back with what you wrote" : "Put back")] : [];
    this.notice(`${why} ${kept}${whose}`, ...act);
  }

  /** Whether its time was over, rather than somebody's having thrown it away. */
  private async expired(): Promise<boolean> {
    try {
      const { seq } = await api<{ seq: number }>("GET", this.path);
      const { items } = await api<{ items: DraftEvent[] }>("GET", `${this.path}/events?after=${seq - 1}`);
      return items.at(-1)?.type === "draft.expired";
    } catch {
      return false;
    }
  }

  // Everything else that can be done

  private more(): { label: string; run: () => void }[] {
    const items = [{ label: "Share…", run: () => void shareDialog(this.data.draft.id, "form") }, { label: "Save as template…", run: () => void this.saveTemplate() }];
    return this.readOnly ? items.slice(1) : [...items, { label: "Discard", run: () => void this.discard() }];
  }

  private async saveTemplate(): Promise<void> {
    const why = (error: unknown): string => (error instanceof Problem && error.status === 0 ? "Saving a template needs a connection. What you wrote is kept on this device." : explain(error));
    const name = await askText("Save as template", "Name of the template", this.data.draft.title, "Save", {}, (typed) =>
      whyNot(async () => {
        if (!typed) return;
        await this.saved();
        await api("POST", `${this.path}/template`, { name: typed });
      }, why),
    );
    if (!name) return;
    toast(`“${name}” is kept. New forms can start from it.`);
    void keepPage(`/forms/${this.data.form.name}`);
  }

  private async discard(): Promise<void> {
    try {
      await this.saved();
      await api("DELETE", this.path);
      location.assign(`/forms/${this.data.form.name}`);
    } catch (error) {
      toast(explain(error));
    }
  }
}

function stepOfAddress(names: readonly string[]): string | null {
  const last = location.pathname.split("/").pop() ?? "";
  return names.includes(last) ? last : null;
}

export async function open(): Promise<void> {
  const served = pageData<FormData>();
  const main = byId("main");
  const kept = served.draft.id === "" ? await keptForm(served, location.pathname, meta("account")) : { data: served };
  if ("elsewhere" in kept) return location.replace(`/forms/${served.form.name}/${kept.elsewhere}`);
  if ("data" in kept) await new FormPage(kept.data).open();
  else if (served.unknown) sayNothingHere(main, kept.parked);
  else {
    byId("form").hidden = true;
    sayNotKept(byId("notices"));
  }
  main.hidden = false;
}
