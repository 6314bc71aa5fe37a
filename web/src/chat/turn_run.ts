// One running turn on the page: its stream becomes an answer in the chat and, when it writes, a ghost in the document.

import { count } from "../common/format.js";
import type { Surface } from "../editor/surface.js";
import { countWords } from "../editor/word_count.js";
import type { Session } from "../sync/session.js";
import * as ghosts from "../proposals/ghosts.js";
import { StreamingAnswer } from "./streaming_answer.js";
import { followTurn } from "./turn_stream.js";
import type { Mode, TurnVersion } from "./wire.js";

export interface TurnRunListener {
  modelLabel(provider: string, model: string): string;
  grew(): void;
  versioned(version: TurnVersion & { seq: number }): void;
  ended(): void;
}

/** Milliseconds between two counts of the words written so far. */
const COUNT_EVERY = 500;

export class TurnRun {
  readonly answer: StreamingAnswer;
  private ghost = "";
  private painting = 0;
  private counted = 0;
  private landed: Promise<void> = Promise.resolve();
  private readonly close: () => void;

  constructor(
    readonly id: string,
    private readonly mode: Mode,
    private readonly surface: Surface,
    private readonly session: Session,
    private readonly listener: TurnRunListener,
  ) {
    this.answer = new StreamingAnswer((text) => surface.insertAtCursor(text));
    this.answer.say("Thinking…");
    if (mode === "write") {
      this.paint(true);
      surface.showGhost();
    }
    this.close = followTurn(id, {
      started: (attempt, provider, model) => {
        this.answer.named(listener.modelLabel(provider, model));
        if (attempt > 1) this.restart();
      },
      text: (delta) => this.text(delta),
      thinking: () => this.answer.say("Thinking…"),
      waiting: (seconds, message) => this.answer.wait(seconds, message),
      operation: (operation) => {
        this.answer.operation(operation);
        ghosts.show(surface.view, operation);
        listener.grew();
      },
      usage: () => undefined,
      version: (version) => {
        this.landed = this.land(version);
        listener.versioned(version);
      },
      ended: () => void this.landed.then(() => this.finish()),
      broken: () => this.answer.say("The connection broke; picking the answer up again…"),
    });
  }

  private restart(): void {
    this.ghost = "";
    this.answer.restart();
    if (this.mode === "write") this.paint(true);
  }

  private text(delta: string): void {
    if (this.mode === "write") {
      this.ghost += delta;
      this.schedule();
    } else this.answer.append(delta);
    this.listener.grew();
  }

  private schedule(): void {
    if (this.painting === 0) this.painting = requestAnimationFrame(() => this.paint(true));
  }

  private paint(streaming: boolean): void {
    cancelAnimationFrame(this.painting);
    this.painting = 0;
    const at = this.surface.passageOf(this.id)?.[1] ?? null;
    this.surface.ghost({ text: this.ghost, label: streaming ? "The assistant is writing" : "Written by the assistant", streaming, at });
    if (this.ghost !== "" && performance.now() - this.counted > COUNT_EVERY) {
      this.counted = performance.now();
      this.answer.say(`Writing into the document, ${count(countWords(this.ghost), "word")} so far…`);
    }
  }

  /** The ghost stays until the very words it showed are in the text. */
  private async land(version: TurnVersion & { seq: number }): Promise<void> {
    if (this.mode === "write") this.paint(false);
    if (!version.applied) return;
    await this.session.reach(version.seq);
  }

  private finish(): void {
    this.answer.over();
    cancelAnimationFrame(this.painting);
    if (this.mode === "write") this.surface.ghost(null);
    ghosts.end(this.surface.view);
    this.listener.ended();
  }

  leave(): void {
    this.answer.over();
    this.close();
    ghosts.end(this.surface.view);
    if (this.mode === "write") this.surface.ghost(null);
  }
}
