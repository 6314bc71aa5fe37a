// The draft as it was at any event: a slider, steps, playing, and bringing a moment back.

import { api, Problem } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { day, time } from "../common/format.js";
import { toast } from "../common/toast.js";

interface State {
  seq: number;
  title: string;
  fields: Record<string, unknown>;
  text: string | null;
}

/** Milliseconds the slider rests before its moment is read, and between two moments that are played. */
const REST = 60;
const PLAYING = 220;
const PLAYED_STEPS = 120;

export class MomentView {
  private readonly slider = byId<HTMLInputElement>("moment");
  private readonly bring = byId<HTMLButtonElement>("bring-back");
  private readonly play = byId<HTMLButtonElement>("play");
  private readonly state = byId("state");
  private resting = 0;
  private asking = new AbortController();
  private shown: State | null = null;
  /** The how-manieth playing it is; 0 while none is. */
  private playing = 0;
  private played = 0;

  constructor(private readonly draft: { id: string; kind: string; seq: number; open: boolean }) {
    this.slider.addEventListener("input", () => {
      this.stop();
      this.soon();
    });
    byId("step-back").addEventListener("click", () => this.go(this.at - 1));
    byId("step-on").addEventListener("click", () => this.go(this.at + 1));
    this.play.addEventListener("click", () => (this.playing > 0 ? this.stop() : void this.run()));
    this.bring.addEventListener("click", () => void this.bringBack());
    void this.show();
  }

  get at(): number {
    return Number(this.slider.value);
  }

  go(seq: number): void {
    this.stop();
    this.slider.value = String(Math.max(1, Math.min(this.draft.seq, seq)));
    this.soon();
  }

  private soon(): void {
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => void this.show(), REST);
  }

  private async show(): Promise<void> {
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const seq = this.at;
    const problem = byId("moment-problem");
    try {
      const path = `/api/drafts/${this.draft.id}`;
      const [state, { items }] = await Promise.all([
        api<State>("GET", `${path}?seq=${seq}`, undefined, { signal }),
        api<{ items: { at: string; device: string }[] }>("GET", `${path}/events?after=${seq - 1}&limit=1`, undefined, { signal }),
      ]);
      problem.hidden = true;
      this.render(state, items[0]?.at ?? null);
    } catch (error) {
      if (!(error instanceof Problem)) return;
      problem.textContent = error.status === 0 ? "The server cannot be reached; the past is kept there." : error.message;
      problem.hidden = false;
      this.stop();
    }
  }

  private render(state: State, at: string | null): void {
    this.shown = state;
    const when = at === null ? "" : `${day(at)}, ${time(at)}`;
    byId("moment-when").textContent = `${when} · change ${state.seq.toLocaleString("en")} of ${this.draft.seq.toLocaleString("en")}`;
    this.slider.setAttribute("aria-valuetext", `${when}, change ${state.seq} of ${this.draft.seq}`);
    const rows = Object.entries(state.fields).filter(([name, value]) => name !== "title" && value !== "" && value !== null);
    const fields = h("dl", { class: "moment-fields" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name.replace(/^data\./, "")), h("dd", {}, typeof value === "string" ? value : JSON.stringify(value))]));
    this.state.replaceChildren(
      h("p", { class: "moment-title" }, state.title || h("span", { class: "untitled" }, "Untitled draft")),
      ...(rows.length > 0 ? [fields] : []),
      h("div", { class: "moment-text" }, state.text ?? "", !state.text && this.draft.kind === "document" && h("span", { class: "hint" }, "Nothing was written yet.")),
    );
    this.bring.disabled = !this.draft.open || state.seq === this.draft.seq;
  }

  private async run(): Promise<void> {
    const playing = (this.playing = this.played += 1);
    this.play.textContent = "Stop";
    this.play.setAttribute("aria-pressed", "true");
    if (this.at >= this.draft.seq) this.slider.value = "1";
    const step = Math.max(1, Math.round((this.draft.seq - this.at) / PLAYED_STEPS));
    while (this.playing === playing) {
      await this.show();
      if (this.at >= this.draft.seq) break;
      await new Promise((resolve) => setTimeout(resolve, PLAYING));
      if (this.playing === playing) this.slider.value = String(Math.min(this.draft.seq, this.at + step));
    }
    if (this.playing === playing) this.stop();
  }

  private stop(): void {
    this.playing = 0;
    this.play.textContent = "Play";
    this.play.setAttribute("aria-pressed", "false");
  }

  private async bringBack(): Promise<void> {
    const { shown } = this;
    if (shown === null) return;
    this.bring.disabled = true;
    try {
      await api("POST", `/api/drafts/${this.draft.id}/moments/${shown.seq}/restore`);
      toast("Brought back. What stood there before is kept too.", this.draft.kind === "document" ? this.toDraft : undefined);
      const { head } = await api<{ head: number }>("GET", `/api/drafts/${this.draft.id}/activity`);
      this.draft.seq = head;
      this.slider.max = String(head);
      this.go(head);
      document.dispatchEvent(new Event("draftloom:brought-back"));
    } catch (error) {
      this.bring.disabled = false;
      const running = error instanceof Problem && error.code === "turn_running";
      toast(error instanceof Problem ? error.message : "That did not work.", running ? this.toDraft : undefined);
    }
  }

  private readonly toDraft = { label: "Open", run: () => location.assign(`/drafts/${this.draft.id}`) };
}
