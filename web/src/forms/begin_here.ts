// A form begun on this device without a network: empty, or with what a template says as far as the device has it.

import { ChangeSet, Text } from "@codemirror/state";
import { Problem } from "../common/api.js";
import { meta } from "../common/dom.js";
import { begunHere, rememberBegun, type Begun } from "../sync/begun_here.js";
import { deviceStore } from "../sync/browser.js";
import { recordKey, toBase, toRecord } from "../sync/device_store.js";
import { newDraftId, newReplicaId } from "../sync/identity.js";
import { openReplica, typed, valued, type Replica } from "../sync/replica.js";
import { isProse, toSnapshot } from "../sync/snapshot.js";
import type { StartData, StartTemplate } from "./wire.js";

const offline = (code: string, message: string): Problem => new Problem(0, code, message);
const NO_ROOM = "This browser lets the page keep nothing on the device, so that a form needs a connection here.";

/** The unfinished form of this kind and subject that was begun on this device, and that the server does not know yet. */
export function unfinishedHere({ form, subject }: StartData): Begun | undefined {
  return begunHere(meta("account")).find((begun) => begun.form?.form === form && begun.form.subject === subject);
}

/** Begins an empty form, or goes on with the unfinished one; its id. Throws `Problem`. */
export function beginHere(data: StartData): string {
  const before = unfinishedHere(data);
  if (before) return before.id;
  const id = newDraftId();
  if (!rememberBegun(meta("account"), id, { form: data.form, subject: data.subject })) throw offline("no_room", NO_ROOM);
  return id;
}

/** Begins a form with what the template says, as if the person had just written it: that way it is sent, and put beside
 *  what a form begun elsewhere says, like everything else. Throws `Problem`. */
export async function beginFromTemplate(data: StartData, templateId: string): Promise<string> {
  const template = data.templates?.find(({ id }) => id === templateId);
  if (!template || !data.blank) throw offline("not_here", "This template is not kept on this device: starting from it needs a connection. An empty form can be started without one.");
  if (unfinishedHere(data)) throw offline("unfinished", `There is an unfinished ${data.noun} on this device, and there can be only one at a time. Go on with it first.`);
  const account = meta("account");
  const store = await deviceStore(account);
  if (store === null) throw offline("no_room", NO_ROOM);
  const id = newDraftId();
  const replica = filled(data, template);
  const now = Date.now();
  // On the device before the page that opens it: it finds these words as those of a page that has gone.
  await store.save(toRecord(id, replica, now), toBase(id, replica, now));
  if (rememberBegun(account, id, { form: data.form, subject: data.subject })) return id;
  await store.remove(recordKey(id, replica.id));
  throw offline("no_room", NO_ROOM);
}

function filled({ blank, subject }: StartData, { fields }: StartTemplate): Replica {
  const empty = toSnapshot({ kind: "form", seq: blank?.seq ?? 1, text: null, fields: { ...blank?.fields, subject } });
  let replica = openReplica(newReplicaId(), empty);
  for (const [field, value] of Object.entries(fields)) {
    if (!isProse("form", field)) replica = valued(replica, field, value);
    else replica = typed(replica, ChangeSet.of({ from: 0, insert: String(value) }, 0), Text.empty, field);
  }
  return replica;
}
