// What the selection's buttons ask the model to do, in words a writer could have used.

export const SELECTION_EDITS: readonly [label: string, prompt: string][] = [
  ["Tighten", "Tighten this passage: fewer words, the same meaning, my voice."],
  ["Clarify", "Clarify this passage: say the same in plainer words, so that a first reading is enough. Keep its length."],
  ["Longer", "Make this passage longer: develop what it says. Invent no facts, names or numbers."],
];

const inTone = (tone: string): string => `Rewrite this passage in a ${tone} tone. Keep its meaning and its length.`;

export const TONES: readonly [label: string, prompt: string][] = [
  ["More formal", inTone("more formal")],
  ["Friendlier", inTone("friendlier")],
  ["More casual", inTone("more casual")],
  ["More confident", inTone("more confident")],
];
