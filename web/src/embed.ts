// What another site loads: <script src="https://…/embed.js" data-kind="bug_report" async></script>. Adds a button that
// shows the report form in a frame over the page, and `window.Draftloom.report(kind)`. It reads nothing of the page but its
// address and the window's size, which the form shows before they are sent.

export {};

interface FrameWords {
  draftloom?: "ready" | "close" | "sent";
  number?: number;
}

const script = document.currentScript as HTMLScriptElement | null;
const home = script ? new URL(script.src).origin : location.origin;
const KINDS: Record<string, [path: string, label: string]> = { bug_report: ["bug", "Report a bug"], feature_request: ["feature", "Request a feature"] };

const STYLE = `
:host { all: initial; color-scheme: light dark; }
button { font: 500 14px/1 system-ui, sans-serif; position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; min-height: 44px; padding: 0 18px; border: 0; border-radius: 99px; background: #1c5d5a; color: #fff; cursor: pointer; box-shadow: 0 8px 24px rgb(0 0 0 / 0.2); }
button:focus-visible { outline: 3px solid #6aa8ff; outline-offset: 2px; }
dialog { border: 0; padding: 0; width: min(560px, 100vw); height: min(760px, 92vh); max-width: 100vw; max-height: 100vh; border-radius: 16px; overflow: hidden; background: light-dark(#fff, #211f1b); box-shadow: 0 12px 48px rgb(0 0 0 / 0.35); }
dialog::backdrop { background: rgb(0 0 0 / 0.4); }
iframe { border: 0; width: 100%; height: 100%; display: block; }
@media (max-width: 700px) { dialog { width: 100vw; margin: auto 0 0; border-radius: 16px 16px 0 0; } }
`;

const host = document.createElement("draftloom-report");
const shade = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
shade.adoptedStyleSheets = [sheet];

/** One frame for each kind, kept while the page is open: what was typed in it stays. */
const frames = new Map<string, { dialog: HTMLDialogElement; frame: HTMLIFrameElement }>();

function show(kind: string): void {
  const known = KINDS[kind];
  if (!known) throw new Error(`Draftloom knows no report of the kind ${kind}.`);
  const made = frames.get(kind) ?? make(kind, ...known);
  made.dialog.showModal();
  made.frame.focus();
}

function make(kind: string, path: string, label: string): { dialog: HTMLDialogElement; frame: HTMLIFrameElement } {
  const frame = document.createElement("iframe");
  frame.src = `${home}/embed/${path}?origin=${encodeURIComponent(location.origin)}`;
  frame.title = label;
  frame.referrerPolicy = "origin";
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", label);
  dialog.append(frame);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  window.addEventListener("message", (event: MessageEvent<FrameWords>) => {
    // Only our own frame, as long as it shows our own server.
    if (event.origin !== home || event.source !== frame.contentWindow) return;
    if (event.data.draftloom === "ready") frame.contentWindow?.postMessage({ draftloom: "page", address: location.href, window: `${window.innerWidth} × ${window.innerHeight}` }, home);
    if (event.data.draftloom === "close") dialog.close();
    if (event.data.draftloom === "sent") document.dispatchEvent(new CustomEvent("draftloom-report", { detail: { kind, number: event.data.number } }));
  });
  shade.append(dialog);
  frames.set(kind, { dialog, frame });
  return { dialog, frame };
}

function begin(): void {
  document.body.append(host);
  const kind = script?.dataset["kind"] ?? "bug_report";
  if (script?.dataset["button"] === "none") return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = script?.dataset["label"] || KINDS[kind]?.[1] || "Report a bug";
  button.addEventListener("click", () => show(kind));
  shade.append(button);
}

(window as { Draftloom?: unknown }).Draftloom = { report: show };
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
