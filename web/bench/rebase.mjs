// How long the page takes to put 2,000 unsent edits over 2,000 events of others, in a text of 66,000 words.

import { build } from "esbuild";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const EDITS = Number(process.argv[2] ?? 2_000);
const PROMISED = 200;
const RUNS = 5;

const folder = await mkdtemp(join(tmpdir(), "rebase-"));
try {
  const outfile = join(folder, "replica.mjs");
  const contents = 'export * from "./src/sync/replica.ts"; export { ChangeSet } from "@codemirror/state";';
  const resolveDir = fileURLToPath(new URL("..", import.meta.url));
  await build({ stdin: { contents, resolveDir, loader: "ts" }, bundle: true, format: "esm", platform: "node", outfile, logLevel: "warning" });
  const { applyEvent, applyForeign, ChangeSet, openReplica, screenText, typed } = await import(outfile);

  let seed = 7;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const text = "The boats came home late and nobody had lit the lamps on the quay.\n".repeat(5_000);
  const insertion = (length, word) => ChangeSet.of({ from: random(length), insert: word }, length);

  let begun = openReplica("page", { seq: 0, texts: { text }, values: {} });
  let screen = screenText(begun);
  for (let n = 0; n < EDITS; n += 1) {
    const changes = insertion(screen.length, "mine ");
    begun = typed(begun, changes, screen);
    screen = changes.apply(screen);
  }
  const events = [];
  let length = text.length;
  for (let seq = 1; seq <= EDITS; seq += 1) {
    const changes = insertion(length, "theirs ");
    length = changes.newLength;
    events.push({ seq, type: "fields.edited", payload: { ops: [{ field: "text", changes: changes.toJSON() }] } });
  }

  const timed = (run) => {
    const taken = [];
    for (let n = 0; n < RUNS; n += 1) {
      const started = performance.now();
      run();
      taken.push(performance.now() - started);
    }
    return taken.sort((a, b) => a - b)[RUNS >> 1];
  };
  const floor = timed(() => events.forEach(({ payload }) => ChangeSet.fromJSON(payload.ops[0].changes)));
  const onePage = 500;
  const pages = Array.from({ length: Math.ceil(EDITS / onePage) }, (_, page) => events.slice(page * onePage, (page + 1) * onePage));
  let end = begun;
  const rebased = timed(() => (end = pages.reduce((replica, page) => applyForeign(replica, page).replica, begun)));
  const single = timed(() => events.reduce((replica, event) => applyEvent(replica, event).replica, begun));
  if (screenText(end).length !== text.length + 5 * EDITS + 7 * EDITS) throw new Error("words were lost");
  const verdict = rebased <= PROMISED ? "" : ": missed";
  console.log(`  reading ${EDITS} remote edits (floor)       ${floor.toFixed(0).padStart(7)} ms`);
  console.log(`  one by one, as it was                  ${single.toFixed(0).padStart(7)} ms`);
  console.log(`  ${EDITS} local edits over ${EDITS} remote ones   ${rebased.toFixed(0).padStart(7)} ms  ${(rebased / floor).toFixed(1)}× (promised ${PROMISED} ms${verdict})`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
