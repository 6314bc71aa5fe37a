// Sorting a table by the buttons in its head: numbers from the largest, texts from A; once more turns it round.

export interface Cell {
  text: string;
  value: number;
}

export function compared(a: Cell, b: Cell, kind: "text" | "number"): number {
  return kind === "number" ? a.value - b.value : a.text.localeCompare(b.text, "en", { numeric: true });
}

export function sortRows(table: HTMLTableElement): void {
  const heads = [...table.querySelectorAll<HTMLTableCellElement>("thead th")];
  heads.forEach((head, column) => {
    const button = head.querySelector<HTMLButtonElement>("button");
    const kind = button?.dataset["sort"] === "number" ? "number" : "text";
    button?.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      const order = before === "none" ? (kind === "number" ? "descending" : "ascending") : before === "ascending" ? "descending" : "ascending";
      for (const other of heads) other.setAttribute("aria-sort", other === head ? order : "none");
      const body = table.tBodies[0];
      const rows = [...(body?.rows ?? [])];
      const sign = order === "ascending" ? 1 : -1;
      rows.sort((a, b) => sign * compared(cell(a, column), cell(b, column), kind));
      body?.append(...rows);
    });
  });
}

function cell(row: HTMLTableRowElement, column: number): Cell {
  const found = row.cells[column];
  return { text: found?.textContent.trim() ?? "", value: Number(found?.dataset["value"] ?? 0) };
}
