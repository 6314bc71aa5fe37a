// What a person does before the script that handles it has come: it waits for that script.

const WAITS = "waits";
const EARLY = "early";

/** To run before anything can be pressed. */
export function holdEarlyActs(): void {
  document.addEventListener("submit", holdSubmit);
  document.addEventListener("click", holdPress, { capture: true });
}

/** By itself the browser would load the page anew with all that was typed in its address, passwords too. Forms with an
 *  address to go to are the browser's, those in dialogs are handled. */
function holdSubmit(event: SubmitEvent): void {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.hasAttribute("action") || form.method === "dialog") return;
  event.preventDefault();
  form.dataset[WAITS] = "";
}

/** The form is handled from now on; it is sent if somebody has asked for that already. */
export function sendIfAsked(form: HTMLFormElement): void {
  if (form.dataset[WAITS] === undefined) return;
  delete form.dataset[WAITS];
  form.requestSubmit();
}

/** Of buttons marked `data-early`: those a person comes to a page for. */
function holdPress({ target }: MouseEvent): void {
  const button = target instanceof Element ? target.closest<HTMLElement>(`[data-${EARLY}]`) : null;
  if (button) button.dataset[WAITS] = "";
}

/** `run` at every press, and at once if the button was pressed already. */
export function onPress(button: HTMLElement, run: () => void): void {
  delete button.dataset[EARLY];
  button.addEventListener("click", run);
  if (button.dataset[WAITS] === undefined) return;
  delete button.dataset[WAITS];
  run();
}
