// Files become drafts: chosen, or dropped anywhere on the page. One after another, each with its progress and its error.

import { api, csrfToken, Problem, useCsrfToken } from "../common/api.js";
import { byId, h, icon } from "../common/dom.js";
import { count } from "../common/format.js";
import { toast } from "../common/toast.js";

interface Imported {
  id: string;
  title: string;
}

const TIMEOUT = 120_000;
const LARGEST = 15 * 1024 * 1024;

/** `done` is called when files became drafts. */
export function setUpImport(done: () => void): () => void {
  const input = byId<HTMLInputElement>("import-files");
  const list = byId<HTMLUListElement>("imports");
  let queue = Promise.resolve();
  const take = (files: File[]): void => {
    const rows = files.map((file) => ({ file, row: new Row(list, file.name) }));
    queue = queue.then(() => importAll(rows, done));
  };
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  onDrop(take);
  return () => input.click();
}

async function importAll(rows: { file: File; row: Row }[], done: () => void): Promise<void> {
  const made: Imported[] = [];
  for (const { file, row } of rows) {
    try {
      if (file.size > LARGEST) throw new Problem(413, "too_large", "A file has at most 15 MB.");
      made.push(await send(file, (share) => row.sent(share)));
      row.close();
    } catch (error) {
      row.failed(error instanceof Problem ? error.message : "This could not be imported.");
    }
  }
  if (made.length === 0) return;
  done();
  const [first] = made;
  const said = made.length === 1 ? `“${first?.title || "Untitled draft"}” is imported.` : `${count(made.length, "file")} imported.`;
  toast(said, made.length === 1 ? { label: "Open", run: () => location.assign(`/drafts/${first?.id}`) } : undefined);
}

async function send(file: File, sent: (share: number) => void): Promise<Imported> {
  try {
    return await upload(file, sent);
  } catch (error) {
    if (!(error instanceof Problem && error.code === "csrf")) throw error;
    useCsrfToken((await api<{ csrf_token: string }>("GET", "/api/me")).csrf_token);
    return upload(file, sent);
  }
}

/** XMLHttpRequest, because fetch does not tell how far an upload is. */
function upload(file: File, sent: (share: number) => void): Promise<Imported> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/drafts/import");
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.timeout = TIMEOUT;
    request.upload.onprogress = ({ loaded, total }) => sent(total > 0 ? loaded / total : 1);
    request.onload = () => {
      const answer = request.response as (Imported & { code?: string; detail?: string }) | null;
      if (request.status === 201 && answer) resolve(answer);
      else reject(new Problem(request.status, answer?.code ?? "error", answer?.detail ?? `The server answered ${request.status}.`));
    };
    request.onerror = () => reject(new Problem(0, "unreachable", "The server cannot be reached."));
    request.ontimeout = () => reject(new Problem(0, "timeout", "The server took too long."));
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}

/** One file in the list of imports. */
class Row {
  private readonly bar = h("progress", { max: 1, value: 0, "aria-label": "Upload" });
  private readonly state = h("span", { class: "import-state" }, "Waiting");
  private readonly element: HTMLLIElement;

  constructor(list: HTMLUListElement, name: string) {
    this.bar.setAttribute("aria-label", `Import of ${name}`);
    this.element = h("li", { class: "import-row" }, h("span", { class: "import-name" }, name), this.bar, this.state);
    list.append(this.element);
  }

  sent(share: number): void {
    if (share < 1) {
      this.bar.value = share;
      this.state.textContent = `${Math.round(share * 100)} %`;
    } else {
      this.bar.removeAttribute("value");
      this.state.textContent = "Reading";
    }
  }

  failed(message: string): void {
    this.element.classList.add("failed");
    this.bar.remove();
    this.state.textContent = message;
    this.element.prepend(icon("warn"));
    const name = this.element.querySelector(".import-name")?.textContent ?? "";
    this.element.append(h("button", { type: "button", class: "icon-button", "aria-label": `Dismiss ${name}`, onclick: () => this.close() }, icon("close")));
  }

  close(): void {
    this.element.remove();
  }
}

function onDrop(take: (files: File[]) => void): void {
  const veil = h("div", { class: "drop-veil", hidden: true }, h("p", {}, "Drop files to make drafts of them"), h("p", { class: "drop-kinds" }, "Markdown, text, Word, HTML or PDF"));
  document.body.append(veil);
  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  // Entering a child leaves its parent: what counts is how many were entered and not left.
  let inside = 0;
  const show = (by: number): void => {
    inside = Math.max(0, inside + by);
    veil.hidden = inside === 0;
  };
  window.addEventListener("dragenter", (event) => carriesFiles(event) && show(1));
  window.addEventListener("dragleave", (event) => carriesFiles(event) && show(-1));
  window.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(-inside);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}
