// Questions that are asked only for certain answers to others. What was answered before one was hidden stays.

interface Condition {
  question: HTMLElement;
  /** Plain names of fields, and the values for which the question is shown. */
  when: [string, unknown[]][];
}

export class Conditions {
  private readonly all: Condition[];

  constructor(form: HTMLElement) {
    this.all = [...form.querySelectorAll<HTMLElement>("[data-when]")].map((question) => ({ question, when: Object.entries(JSON.parse(question.dataset["when"] ?? "{}") as Record<string, unknown[]>) }));
  }

  apply(valueOf: (key: string) => unknown): void {
    for (const { question, when } of this.all) question.hidden = !when.every(([name, values]) => values.includes(valueOf(`data.${name}`)));
  }
}
