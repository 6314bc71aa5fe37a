// Ways to a place in a conversation that may be far from what is loaded: a message by its address, and the first one of a day.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { h } from "../common/dom.js";
import { toast } from "../common/toast.js";
import { talkPath, type Conversation, type Message } from "./wire.js";

interface Links {
  conversation: string;
  /** Messages the page knows. */
  find(id: string): Message | undefined;
  goTo(position: number): Promise<boolean>;
  openThread(root: Message, reply: string): Promise<void>;
}

export const messageAddress = (conversation: string, message: string): string => `${location.origin}/goals/${conversation}#message=${message}`;

/** Which message an address names; null for none. */
export const messageNamed = (hash: string): string | null => /^#message=([\w-]+)$/.exec(hash)?.[1] ?? null;

export class Jumps {
  constructor(private readonly links: Links) {
    window.addEventListener("hashchange", () => void this.toAddressed());
  }

  /** The message that the page's address names; true when there is one. */
  async toAddressed(): Promise<boolean> {
    const id = messageNamed(location.hash);
    if (id === null) return false;
    await this.toMessage(id);
    return true;
  }

  /** A reply stands in its thread: that is opened beside what it answers. */
  async toMessage(id: string): Promise<void> {
    await this.tried(async () => {
      const message = this.links.find(id) ?? (await this.read(id));
      if (message.reply_to_id === null) return this.links.goTo(message.position);
      const root = this.links.find(message.reply_to_id) ?? (await this.read(message.reply_to_id));
      const found = await this.links.goTo(root.position);
      await this.links.openThread(root, id);
      return found;
    });
  }

  /** Every message has an address, but this page shows those of one conversation. */
  private async read(id: string): Promise<Message> {
    const message = await api<Message & { conversation_id: string }>("GET", `/api/messages/${id}`);
    if (message.conversation_id !== this.links.conversation) throw new Problem(404, "not_found", "This message is in another conversation.");
    return message;
  }

  /** Asks for a day and goes to the first message that was sent then or later. */
  askDay(): void {
    const input = h("input", { id: "jump-day", type: "date", required: true });
    const form = h("form", { novalidate: true }, h("div", { class: "field" }, h("label", { for: "jump-day" }, "Day"), input));
    const problem = h("p", { class: "field-error", role: "alert", hidden: true });
    const go = async (event?: Event): Promise<void> => {
      event?.preventDefault();
      const say = (text: string): void => {
        problem.textContent = text;
        problem.hidden = false;
        input.focus();
      };
      if (input.value === "") return say("Choose a day.");
      try {
        const position = await this.firstSince(new Date(`${input.value}T00:00:00`));
        if (position === null) return say("Nothing was sent on that day or later.");
        dialog.close();
        await this.links.goTo(position);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        say(error.message);
      }
    };
    form.addEventListener("submit", (event) => void go(event));
    const dialog = openDialog("Go to a day", [form, problem], [
      h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "button", class: "button primary", onclick: () => void go() }, "Go"),
    ]);
  }

  private async firstSince(moment: Date): Promise<number | null> {
    const page = await api<Conversation>("GET", `${talkPath(this.links.conversation)}?since=${encodeURIComponent(moment.toISOString())}&limit=1`);
    return page.messages[0]?.position ?? null;
  }

  private async tried(go: () => Promise<boolean>): Promise<void> {
    try {
      await go();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(error.status === 404 ? "That message is not here." : error.message);
    }
  }
}
