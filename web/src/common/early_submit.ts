// A form that is sent before the script that handles it has come: it waits for that script. By itself the browser would
// load the page anew with all that was typed in its address, passwords too.

const WAITS = "waits";

/** To run before any form can be sent. Forms with an address to go to are the browser's, those in dialogs are handled. */
export function holdEarlySubmits(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.hasAttribute("action") || form.method === "dialog") return;
    event.preventDefault();
    form.dataset[WAITS] = "";
  });
}

/** The form is handled from now on; it is sent if somebody has asked for that already. */
export function sendIfAsked(form: HTMLFormElement): void {
  if (form.dataset[WAITS] === undefined) return;
  delete form.dataset[WAITS];
  form.requestSubmit();
}
