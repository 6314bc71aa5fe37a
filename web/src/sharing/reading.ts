// A text read by link follows what its author writes: the page asks while it is looked at, and says when the link has ended.

import { api, Problem } from "../common/api.js";
import { byId, h } from "../common/dom.js";
import { ago, moment, time } from "../common/format.js";

const PAUSE = 5_000;

interface SharedText {
  title: string;
  seq: number;
  saved_at: string | null;
  html: string | null;
  show_title: boolean;
}

/** Times as this device tells them. */
function tellTimes(): void {
  for (const told of document.querySelectorAll<HTMLTimeElement>("time[data-when]")) {
    told.textContent = told.dataset["when"] === "ago" ? ago(told.dateTime) : moment(told.dateTime);
  }
}

export function follow(token: string): void {
  const page = byId("main");
  let seq = Number(page.dataset["seq"]);
  let timer = 0;
  let asking = false;
  let seen = new Date();
  tellTimes();

  async function ask(): Promise<void> {
    clearTimeout(timer);
    if (asking || document.hidden) return;
    asking = true;
    let pause = PAUSE;
    try {
      const now = await api<SharedText>("GET", `/api/shared/${token}?after=${seq}`);
      seen = new Date();
      byId("notices").replaceChildren();
      if (now.html !== null) {
        seq = now.seq;
        show(now);
      }
      tellTimes();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404) return sayEnded();
      pause = (error.retryAfter ?? 15) * 1_000;
      sayUnreached(seen);
    } finally {
      asking = false;
    }
    timer = window.setTimeout(() => void ask(), pause);
  }

  document.addEventListener("visibilitychange", () => void ask());
  addEventListener("online", () => void ask());
  timer = window.setTimeout(() => void ask(), PAUSE);
}

function show({ title, saved_at, html, show_title }: SharedText): void {
  const heading = byId("reading-title");
  heading.textContent = title || "Untitled draft";
  heading.hidden = !show_title;
  document.title = title || "Untitled draft";
  if (saved_at !== null) byId<HTMLTimeElement>("reading-saved").dateTime = saved_at;
  // Sanitised by the server, like everything that is shown as markup.
  const fresh = new DOMParser().parseFromString(html ?? "", "text/html").body;
  if (fresh.childElementCount === 0) fresh.append(h("p", { class: "reading-empty" }, "Nothing is written here yet."));
  replaceChanged(byId("reading-text"), [...fresh.children]);
}

/** Only the blocks that differ are put in, so that what is read stays in its place, and selected. */
export function replaceChanged(text: HTMLElement, blocks: Element[]): void {
  const old = [...text.children];
  const same = (one: Element | undefined, other: Element | undefined): boolean => one !== undefined && other !== undefined && one.isEqualNode(other);
  let start = 0;
  while (same(old[start], blocks[start])) start += 1;
  let end = 0;
  while (end < Math.min(old.length, blocks.length) - start && same(old.at(-1 - end), blocks.at(-1 - end))) end += 1;
  const behind = old[old.length - end] ?? null;
  for (const gone of old.slice(start, old.length - end)) gone.remove();
  for (const block of blocks.slice(start, blocks.length - end)) text.insertBefore(block, behind);
}

function sayUnreached(seen: Date): void {
  const words = `The server cannot be reached. This is the text as it was at ${time(seen.toISOString())}.`;
  const notices = byId("notices");
  if (notices.textContent !== words) notices.replaceChildren(h("div", { class: "notice" }, h("span", { class: "grow" }, words)));
}

function sayEnded(): void {
  const card = h(
    "div",
    { class: "gate-card" },
    h("h1", { class: "gate-title", tabindex: "-1" }, "This link has ended"),
    h("p", { class: "lead" }, "It ran out, or was taken back. Ask whoever sent it to you for a new one."),
  );
  document.title = "This link has ended · Draftloom";
  document.querySelector(".bar")?.remove();
  byId("main").replaceWith(h("main", { id: "main", class: "gate" }, card));
  card.querySelector("h1")?.focus();
}
