// What @codemirror/state makes of the cases on standard input, one JSON object per line.
// usage: node codemirror_answers.cjs FOLDER_WITH_NODE_MODULES
// case:   {text, a, b, next}: edits [from, to, insert] of `text` (a and b) and of the text after a (next), or JSON forms
// answer: {a, b, applied, composed, inverted, mapped, mappedBefore, positions, ranges}, see answer() below
const path = require("node:path")
const { createRequire } = require("node:module")
const readline = require("node:readline")

const { ChangeSet, Text } = createRequire(path.join(path.resolve(process.argv[2]), "package.json"))("@codemirror/state")

const document = text => Text.of(text.split("\n"))

function changes(spec, length) {
  if (spec.json) return ChangeSet.fromJSON(spec.json)
  return ChangeSet.of(spec.edits.map(([from, to, insert]) => ({ from, to, insert })), length)
}

function ranges(set) {
  const found = []
  set.iterChanges((fromA, toA, fromB, toB, inserted) => found.push([fromA, toA, fromB, toB, inserted.toString()]))
  return found
}

function positions(set) {
  const found = []
  for (let position = 0; position <= set.length; position++) found.push([set.mapPos(position, -1), set.mapPos(position, 1)])
  return found
}

function answer({ text, a, b, next }) {
  const before = document(text)
  const first = changes(a, before.length)
  const second = changes(b, before.length)
  const after = first.apply(before)
  const following = changes(next, after.length)
  return {
    a: first.toJSON(),
    b: second.toJSON(),
    next: following.toJSON(),
    applied: after.toString(),
    composed: first.compose(following).toJSON(),
    inverted: first.invert(before).toJSON(),
    mapped: first.map(second).toJSON(),
    mappedBefore: first.map(second, true).toJSON(),
    positions: positions(first),
    ranges: ranges(first),
    length: [first.length, first.newLength],
  }
}

readline.createInterface({ input: process.stdin }).on("line", line => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n")
})
