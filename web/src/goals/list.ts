// The page of all conversations: what each is about, how much in it is unread; and the dialog that opens another.

import { api, Problem } from "../common/api.js";
import { openDialog } from "../common/dialog.js";
import { byId, h, icon, isTyping, pageData } from "../common/dom.js";
import { ago, count } from "../common/format.js";
import { toast } from "../common/toast.js";
import { goalFacts } from "./goal_facts.js";
import { plain } from "./message_view.js";
import type { Entry, Goal, Page, Person } from "./wire.js";

const REFRESH = 30_000;

let entries: Entry[] = [];
let next: string | null = null;
let tab = "active";
/** The list that was asked for last: an answer about another one comes too late. */
let asked = 0;

export function openGoals(): void {
  show(pageData<Page<Entry>>());
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-tab]")) button.addEventListener("click", () => choose(button));
  byId("more").addEventListener("click", () => void more());
  const begin = byId<HTMLButtonElement>("new-conversation");
  begin.addEventListener("click", () => newConversation());
  begin.disabled = false;
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    newConversation();
  });
  document.addEventListener("visibilitychange", () => void refresh());
  window.addEventListener("pageshow", ({ persisted }) => void (persisted && refresh()));
  setInterval(() => void refresh(), REFRESH);
}

function choose(button: HTMLButtonElement): void {
  tab = button.dataset["tab"] ?? "active";
  for (const other of document.querySelectorAll<HTMLButtonElement>("[data-tab]")) {
    other.setAttribute("aria-selected", String(other === button));
    other.tabIndex = other === button ? 0 : -1;
  }
  byId("conversations").setAttribute("aria-labelledby", button.id);
  void load();
}

async function load(): Promise<void> {
  const problem = byId("list-problem");
  const turn = (asked += 1);
  try {
    const page = await api<Page<Entry>>("GET", `/api/goals/conversations?status=${tab}`);
    if (turn !== asked) return;
    show(page);
    problem.hidden = true;
  } catch (error) {
    if (turn !== asked) return;
    problem.textContent = error instanceof Problem ? error.message : "The list could not be loaded.";
    problem.hidden = false;
  }
}

/** Keeps the counts true while the page is looked at. */
async function refresh(): Promise<void> {
  if (document.visibilityState === "visible" && entries.length <= 50) await load();
}

async function more(): Promise<void> {
  if (next === null) return;
  const turn = (asked += 1);
  try {
    const page = await api<Page<Entry>>("GET", `/api/goals/conversations?status=${tab}&cursor=${next}`);
    if (turn === asked) show({ items: [...entries, ...page.items], next: page.next });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    toast(error.message);
  }
}

function show(page: Page<Entry>): void {
  ({ items: entries, next } = page);
  const unread = entries.filter((entry) => entry.unread > 0).length;
  byId("count").textContent = unread > 0 ? `${unread} with news` : entries.length > 0 ? count(entries.length, "conversation") : "";
  byId("more").hidden = next === null;
  const list = byId("conversations");
  const focused = document.activeElement?.closest<HTMLElement>(".talk-row")?.dataset["id"];
  list.replaceChildren(...(entries.length > 0 ? entries.map(row) : [h("li", {}, empty())]));
  if (focused) list.querySelector<HTMLElement>(`[data-id="${focused}"] a`)?.focus();
}

function row(entry: Entry): HTMLElement {
  const other = entry.part === "student" ? entry.instructor : entry.student;
  const people = entry.part === "administrator" ? `${entry.student.name} and ${entry.instructor?.name ?? "no instructor yet"}` : (other?.name ?? "No instructor yet");
  const title = entry.goal?.title ?? `Conversation with ${people}`;
  return h(
    "li",
    { class: `talk-row${entry.unread > 0 ? " unread" : ""}`, "data-id": entry.id },
    h("div", { class: "talk-row-main" }, h("a", { href: `/goals/${entry.id}` }, title), h("p", { class: "talk-row-people" }, people), h("p", { class: "draft-excerpt" }, entry.excerpt ? `${entry.last_by_me ? "You: " : ""}${plain(entry.excerpt)}` : "Nothing said yet")),
    h("div", { class: "talk-row-facts" }, h("span", {}, ago(entry.updated_at)), entry.unread > 0 && h("span", { class: "unread-count" }, entry.unread >= 100 ? "99+" : String(entry.unread), h("span", { class: "sr" }, " unread"))),
    entry.goal && goalFacts(entry.goal),
  );
}

function empty(): HTMLElement {
  if (tab === "archived") return h("div", { class: "empty" }, h("p", { class: "empty-title" }, "Nothing archived"), h("p", {}, "Conversations you archive are kept here."));
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, "No conversation yet"), h("p", {}, "A goal is worked on in a conversation: the student notes every day what was done, the instructor answers."), h("button", { type: "button", class: "button primary", onclick: newConversation }, icon("plus"), "Begin one"));
}

function newConversation(): void {
  const goal = h("input", { id: "new-goal", maxlength: 200, autocomplete: "off", placeholder: "Play the nocturne by heart" });
  const due = h("input", { id: "new-due", type: "date" });
  const people = h("select", { id: "new-person" }, h("option", { value: "" }, "Loading…"));
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const field = (id: string, label: string, control: HTMLElement): HTMLElement => h("div", { class: "field" }, h("label", { for: id }, label), control);
  const group = (label: string, part: string, list: Person[]): HTMLElement | null => (list.length > 0 ? h("optgroup", { label }, ...list.map(({ id, name }) => h("option", { value: `${part}:${id}` }, name))) : null);
  const fill = async (): Promise<void> => {
    const ask = (role: string): Promise<Person[]> => api<Page<Person>>("GET", `/api/goals/people?role=${role}`).then(({ items }) => items, () => []);
    const [instructors, students] = await Promise.all([ask("instructor"), ask("student")]);
    const none = students.length + instructors.length === 0;
    people.replaceChildren(h("option", { value: "" }, none ? "Nobody else is here yet" : "Nobody yet"), ...[group("Instructors", "instructor", instructors), group("Students", "student", students)].filter((found) => found !== null));
    const only = students.length === 1 && instructors.length === 0 ? `student:${students[0]?.id}` : instructors.length === 1 && students.length === 0 ? `instructor:${instructors[0]?.id}` : "";
    people.value = only;
  };
  const button = h("button", { type: "button", class: "button primary", onclick: () => void begin() }, "Begin");
  let made: Goal | null = null;
  const begin = async (): Promise<void> => {
    button.disabled = true;
    const [part, id] = people.value.split(":");
    try {
      if (goal.value.trim() === "") throw new Problem(422, "invalid_field", "Say what the goal is.");
      const student = part === "student" ? { student_id: id } : {};
      // Where only the second of the two failed, the first is not done twice.
      made ??= await api<Goal>("POST", "/api/goals", { title: goal.value, due_date: due.value || null, ...student });
      const talk = await api<Entry>("POST", "/api/goals/conversations", { goal_id: made.id, ...student, ...(part === "instructor" ? { instructor_id: id } : {}) });
      location.assign(`/goals/${talk.id}`);
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "That did not work.";
      problem.hidden = false;
      button.disabled = false;
      goal.focus();
    }
  };
  const dialog = openDialog(
    "New conversation",
    [field("new-goal", "Goal", goal), field("new-due", "Due (may be left open)", due), field("new-person", "With", people), problem],
    [h("button", { type: "button", class: "button quiet", onclick: () => dialog.close() }, "Cancel"), button],
  );
  void fill();
}
