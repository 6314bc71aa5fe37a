// A page that is not there. One of a draft that was begun on this device is there once the server knows of the draft.

import { meta } from "../common/dom.js";

export async function openProblem(): Promise<void> {
  const id = /^\/drafts\/([\w-]+)$/.exec(location.pathname)?.[1];
  const account = meta("account");
  if (id === undefined || !account) return;
  const { isBegunHere, makeKnown } = await import("../sync/begun_here.js");
  if (!isBegunHere(account, id)) return;
  // Refused, or the network has gone again: the words stay on the device, and the page says what is so.
  await makeKnown(account, id).then(() => location.reload(), () => undefined);
}
