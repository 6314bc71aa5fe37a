// The conversation beside the document: its messages, the turn that runs, asking again.

import { AlternativesDesk } from "../alternatives/desk.js";
import { api, Problem } from "../common/api.js";
import { copyText } from "../common/copy.js";
import { byId, h, somebodyTypes } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { announce } from "../editor/save_pill.js";
import * as ghosts from "../proposals/ghosts.js";
import type { Surface } from "../editor/surface.js";
import type { Session } from "../sync/session.js";
import { askAgainWith } from "./again.js";
import { ActionChips } from "./action_chips.js";
import { ChatBudget } from "./chat_budget.js";
import { Composer, type Order, type Shown } from "./composer.js";
import { ContextPanel } from "./context_panel.js";
import { conversationFacts } from "./facts.js";
import { reveal, Searches, WayBack } from "./found_message.js";
import { MessageList } from "./message_list.js";
import { answer, asked, ownMessage, type MessageActions } from "./message_view.js";
import { Models } from "./models.js";
import { outcome } from "./outcome.js";
import { placedTurn } from "./placed_turn.js";
import { emptyConversation } from "./starters.js";
import { shownMessages } from "./tree.js";
import { TurnRun } from "./turn_run.js";
import type { Conversation, Message, Turn, TurnVersion } from "./wire.js";

export interface PaneLinks {
  compareWithText(versionId: string): void;
  openVersion(versionId: string): void;
  useVersion(version: TurnVersion): Promise<void>;
  versioned(version: TurnVersion): void;
  cost(text: string): void;
  news(): void;
  needSignIn(): void;
  /** Goes to the suggestions of a turn. */
  review(turnId: string): void;
  /** Puts all suggestions of a turn into the text. */
  applyRun(turnId: string): Promise<void>;
  ended(): void;
  /** A text made of alternatives became a version, in the text since `seq` or beside it. */
  taken(version: TurnVersion, seq: number): Promise<void>;
}

/** Stands for the turn that is about to be started. */
const NEXT_TURN = "next";

export class Pane {
  private readonly list = new MessageList(byId("messages"));
  private readonly models: Models;
  readonly composer: Composer;
  readonly chips: ActionChips;
  private readonly context: ContextPanel;
  private conversationId: string | null;
  private conversation: Conversation | null = null;
  private run: TurnRun | null = null;
  private readonly alternatives: AlternativesDesk;
  private readonly wayBack = new WayBack();
  private readonly searches = new Searches();
  private readonly usedVersions = new Set<string>();
  /** Answers about the chat may come in another order than they were asked for: which was asked for last, which is shown. */
  private asked = 0;
  private known = 0;
  /** The prompt of the turn that runs, until the chat as the server tells it has it. */
  private prompted: HTMLElement | null = null;

  constructor(
    private readonly draft: { id: string; conversation_id: string | null; running_turn_id: string | null },
    private readonly session: Session,
    private readonly surface: Surface,
    private readonly links: PaneLinks,
  ) {
    this.conversationId = draft.conversation_id;
    this.models = new Models(byId<HTMLSelectElement>("model"), () => {
      this.composer?.refresh();
      if (this.context) void this.context.load();
    });
    this.alternatives = new AlternativesDesk(draft.id, this.models, {
      ready: (order) => this.settledOrder(order),
      began: (conversationId) => (this.conversationId = conversationId),
      changed: () => void this.alternativesChanged(),
      taken: ({ id, number }, seq, applied) => this.links.taken({ id, number, applied }, seq),
      refused: (problem) => this.refused(problem),
    });
    this.composer = new Composer(draft.id, this.models, {
      send: (order, shown) => this.send(order, shown),
      stop: () => void this.stop(),
      conversationId: () => this.conversationId,
      isEmpty: () => surface.text.length === 0,
      selectedText: (from, to) => surface.text.sliceString(from, to),
      attached: (range) => surface.attach(range),
      compare: (order, sent) => this.alternatives.choose(order, sent),
    });
    this.chips = new ActionChips(this.composer);
    this.context = new ContextPanel(draft.id, {
      choice: () => this.models.choice(),
      free: () => {
        const choice = this.models.choice();
        return choice !== null && (this.models.model(choice)?.free ?? false);
      },
      conversationId: () => this.conversationId,
      began: (id) => void (this.conversationId = id),
      changed: () => this.composer.refresh(),
    });
    new ChatBudget({ conversationId: () => this.conversationId, changed: () => this.composer.refresh() });
  }

  /** Shows a message of this draft, which may be of another branch of the chat or of another chat. */
  showMessage(id: string, chat: string | null): Promise<void> {
    return this.searches.once(id, () => this.findMessage(id, chat));
  }

  private async findMessage(id: string, chat: string | null): Promise<void> {
    this.wayBack.forget();
    const left = this.conversationId;
    const elsewhere = chat !== null && chat !== left && !this.running;
    if (elsewhere) await this.openChat(chat);
    const end = this.conversation?.current_message_id ?? null;
    const message = this.conversation?.messages.find((one) => one.id === id);
    const branched = message?.current === false && (await this.chooseBranch(id));
    if (!reveal(this.list.element, id)) return void toast("This message is no longer in the chat.");
    if (branched || (elsewhere && left !== null)) this.offerWayBack(elsewhere ? left : null, branched ? end : null);
  }

  /** `chat` is the one that was left, `end` the last message of the branch that was left; null where neither was. */
  private offerWayBack(chat: string | null, end: string | null): void {
    this.wayBack.offer(chat === null ? "on another branch of the chat" : "in another chat of this draft", async () => {
      if (end !== null && !(await this.chooseBranch(end))) return;
      if (chat !== null) await this.openChat(chat);
      const last = this.conversation?.current_message_id;
      if (last) reveal(this.list.element, last);
    });
  }

  private async openChat(id: string): Promise<void> {
    this.conversationId = id;
    this.conversation = null;
    await this.reload();
  }

  async open(): Promise<void> {
    this.list.keepEndInView();
    void this.chips.load();
    await this.reload();
    const used = this.conversation ? { provider: this.conversation.provider, model: this.conversation.model } : null;
    await this.models.load(used);
    if (this.conversation) this.render();
    if (this.draft.running_turn_id && !this.run) await this.attach(this.draft.running_turn_id);
  }

  /** After a time offline: what may have changed meanwhile. */
  async refresh(): Promise<void> {
    if (!this.models.loaded) await this.models.load(null);
    if (!this.chips.loaded) void this.chips.load();
    void this.context.load();
    if (!this.run) await this.reload();
    this.composer.refresh();
  }

  private async alternativesChanged(): Promise<void> {
    this.composer.setRunning(this.running);
    await this.reload();
    this.links.news();
  }

  /** The next prompt goes on below this message; false when it could not be moved there. */
  private async chooseBranch(id: string): Promise<boolean> {
    try {
      const conversation = await api<Conversation>("POST", `/api/conversations/${this.conversationId}/branch`, { message_id: id });
      if (!this.isNews(conversation, (this.asked += 1))) return false;
      this.render();
      const element = this.list.element.querySelector<HTMLElement>(`[data-id="${id}"]`);
      element?.scrollIntoView({ block: "nearest" });
      if (!somebodyTypes()) element?.querySelector<HTMLElement>(".sibling-switch button:not(:disabled)")?.focus({ preventScroll: true });
      return true;
    } catch (error) {
      toast(error instanceof Problem ? error.message : "That did not work.");
      return false;
    }
  }

  private async reload(): Promise<void> {
    if (this.conversationId === null) return this.render();
    const asked = (this.asked += 1);
    try {
      const conversation = await api<Conversation>("GET", `/api/conversations/${this.conversationId}`);
      if (!this.isNews(conversation, asked)) return;
      this.context.show(conversation.system_prompt);
      this.render();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (this.conversation) return;
      const again = h("button", { type: "button", class: "button small", onclick: () => void this.reload() }, "Try again");
      this.list.show([h("div", { class: "notice" }, h("span", { class: "grow" }, error.status === 0 ? "You are offline, so the conversation cannot be shown. The text can be edited." : `The conversation could not be read: ${error.message}`), again)]);
    }
  }

  /** Takes it over, unless it is of a chat that was left, or older than what is shown. */
  private isNews(conversation: Conversation, asked: number): boolean {
    if (conversation.id !== this.conversationId || asked < this.known) return false;
    this.known = asked;
    this.conversation = conversation;
    return true;
  }

  private render(): void {
    const messages = this.conversation?.messages ?? [];
    const shown = shownMessages(messages).filter((message) => !(message.role === "assistant" && message.turn?.state === "running"));
    const views = shown.map((message) => (message.role === "user" ? asked(message, this.actions) : answer(this.withUse(message), this.actions)));
    if (views.length === 0 && !this.run) views.push(emptyConversation(this.composer));
    const told = messages.some(({ turn }) => turn?.id === this.run?.id);
    this.list.show([...views, ...(this.run ? [...(this.prompted && !told ? [this.prompted] : []), this.run.answer.element] : [])]);
    if (this.conversation) {
      const free = messages.every(({ turn }) => !turn || turn.usage === null || this.actions.isFree(turn));
      this.links.cost(conversationFacts(this.conversation, free));
    }
  }

  /** A version taken over on this page is no longer beside the text. */
  private withUse(message: Message): Message {
    const { turn } = message;
    if (!turn?.version || !this.usedVersions.has(turn.version.id)) return message;
    return { ...message, turn: { ...turn, version: { ...turn.version, applied: true } } };
  }

  /** The order once the latest words are saved, its passage where it lies then; null while they are not. */
  private async settledOrder(order: Order): Promise<Order | null> {
    // While the last words are saved, others may change the text above the passage.
    this.surface.workOn(NEXT_TURN, order.selection ?? null, false);
    try {
      await this.session.settled();
    } catch {
      toast("The assistant reads the text on the server, and your latest words are not there yet. They are kept; try again when they are saved.");
      return null;
    }
    const passage = this.surface.passageOf(NEXT_TURN);
    return passage ? { ...order, selection: passage } : order;
  }

  private async send(asked: Order, shown?: Shown): Promise<boolean> {
    const order = await this.settledOrder(asked);
    if (!order) return false;
    this.wayBack.forget();
    if (order.mode === "edit") ghosts.begin(this.surface.view);
    try {
      const started = await api<{ id: string; conversation_id: string }>("POST", `/api/drafts/${this.draft.id}/turns`, order, { timeout: 60_000 });
      this.conversationId = started.conversation_id;
      this.list.withoutWelcome();
      this.cutBranch(order);
      this.prompted = ownMessage({ content: order.prompt, mode: order.mode, created_at: new Date().toISOString(), ...shown });
      this.list.append(this.prompted);
      this.surface.workOn(started.id, order.selection ?? null, order.mode !== "ask");
      this.begin(started.id, order.mode);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await this.refused(error);
      return false;
    }
  }

  /** A new branch takes the place of what follows the message it hangs on. */
  private cutBranch({ parent_message_id: parent }: Order): void {
    if (parent === undefined || !this.conversation) return;
    const shown = shownMessages(this.conversation.messages);
    const kept = new Set(shown.slice(0, shown.findIndex(({ id }) => id === parent) + 1).map(({ id }) => id));
    const again = shown.find(({ id }) => id === parent)?.role === "user";
    if (again) kept.delete(parent ?? "");
    const messages = this.conversation.messages.map((message) => ({ ...message, current: kept.has(message.id) }));
    this.conversation = { ...this.conversation, messages };
    this.render();
    this.list.withoutWelcome();
  }

  private async refused(problem: Problem): Promise<void> {
    if (problem.status === 401) return this.links.needSignIn();
    if (problem.code === "turn_running") await this.pickUp();
    toast(problem.message);
  }

  /** Shows the turn that runs in this draft, if one does and this page does not know of it: there it can be stopped. */
  async pickUp(): Promise<void> {
    if (this.running) return;
    const draft = await api<{ running_turn_id: string | null }>("GET", `/api/drafts/${this.draft.id}`).catch(() => null);
    if (draft?.running_turn_id) await this.attach(draft.running_turn_id);
  }

  /** Picks up a turn that was started before this page was loaded, or on another device. */
  private async attach(id: string): Promise<void> {
    try {
      const turn = await placedTurn(id, this.session);
      if (turn.state !== "running") return;
      if (turn.alternatives_id) {
        this.conversationId = turn.conversation_id;
        return await this.alternatives.open(turn.alternatives_id);
      }
      if (this.conversationId !== turn.conversation_id) {
        this.conversationId = turn.conversation_id;
        await this.reload();
      }
      if (turn.passage && this.surface.passageOf(id) === undefined) {
        this.surface.workOn(id, this.session.rangeOnScreen(turn.passage.from, turn.passage.to), turn.mode !== "ask");
      }
      this.begin(id, turn.mode);
      this.run?.answer.named(this.models.label(turn));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }

  private begin(id: string, mode: Turn["mode"]): void {
    this.run?.leave();
    this.run = new TurnRun(id, mode, this.surface, this.session, {
      modelLabel: (provider, model) => this.models.label({ provider, model }),
      grew: () => this.list.toEnd(),
      versioned: (version) => this.links.versioned(version),
      ended: () => void this.ended(),
    });
    this.list.append(this.run.answer.element);
    this.composer.setRunning(true);
    this.list.toEnd(true);
    this.links.news();
  }

  private async ended(): Promise<void> {
    const finished = this.run;
    this.run = this.prompted = null;
    if (finished) this.surface.workedOn(finished.id);
    this.composer.setRunning(false);
    await this.reload();
    finished?.answer.element.remove();
    this.links.ended();
    this.links.news();
    const last = shownMessages(this.conversation?.messages ?? []).at(-1)?.turn;
    announce(last?.state === "failed" ? "The assistant could not answer." : ((last && outcome(last)) ?? "The assistant has answered."));
  }

  /** A turn that was started beside the composer. */
  follow(id: string): Promise<void> {
    return this.attach(id);
  }

  async stop(): Promise<void> {
    if (this.alternatives.running) return this.alternatives.stop();
    if (!this.run) return;
    await api("POST", `/api/turns/${this.run.id}/stop`).catch((error: unknown) => toast(error instanceof Problem ? error.message : "It could not be stopped."));
  }

  /** Another part of the page is wanted. */
  leaveAlternatives(): void {
    this.alternatives.close();
  }

  get running(): boolean {
    return this.run !== null || this.alternatives.running;
  }

  private promptOf(message: Message): Message | null {
    const messages = this.conversation?.messages ?? [];
    return messages.find(({ id }) => id === message.parent_id) ?? null;
  }

  /** `beside`: the result stands beside the text instead of going into it. */
  private again(message: Message, beside: boolean): void {
    const asked = this.promptOf(message);
    const choice = this.models.choice();
    const mode = message.turn?.mode ?? asked?.mode ?? "ask";
    if (!asked || !choice || this.running) return;
    const passage = message.turn ? this.surface.passageOf(message.turn.id) : undefined;
    // Another page sent it, perhaps for a passage only: the writer decides again what may change.
    if ((mode === "edit" || message.turn?.selected) && passage === undefined) return this.composer.edit(mode, asked.content, asked.parent_id ?? null);
    const apply = beside ? "review" : this.composer.apply;
    const selection = passage && passage[1] > passage[0] ? { selection: passage } : {};
    void this.send({ mode, prompt: asked.content, parent_message_id: asked.id, ...choice, ...selection, ...(this.conversationId ? { conversation_id: this.conversationId } : {}), ...(mode === "ask" ? {} : { apply }) });
  }

  private readonly actions: MessageActions = {
    modelLabel: (turn) => this.models.label(turn),
    isFree: (turn) => this.models.model(turn)?.free ?? false,
    copy: (message) => void copyText(message.content),
    retry: (message) => this.again(message, false),
    retryWith: (message) =>
      askAgainWith(message, this.models, (choice) => {
        this.models.choose(choice);
        this.again(message, message.turn?.state === "done");
      }),
    open: (turn) => turn.version && this.links.openVersion(turn.version.id),
    compare: (turn) => turn.version && this.links.compareWithText(turn.version.id),
    use: (turn) => {
      const { version } = turn;
      if (!version) return;
      void this.links.useVersion(version).then(() => {
        this.usedVersions.add(version.id);
        this.render();
      }, (error: unknown) => toast(error instanceof Problem ? error.message : "That did not work."));
    },
    insert: (text) => this.surface.insertAtCursor(text),
    review: (turn) => this.links.review(turn.id),
    applyRun: (turn) => void this.links.applyRun(turn.id),
    choose: (id) => {
      this.wayBack.forget();
      void this.chooseBranch(id);
    },
    edit: (message) => this.composer.edit(message.mode ?? "ask", message.content, message.parent_id ?? null),
    alternatives: (id) => void this.alternatives.open(id),
  };
}
