// Heads become buttons that sort by their column, and the other way round when pressed again.
const body = document.querySelector("tbody");
const key = (row, place) => row.cells[place].dataset.value ?? row.cells[place].textContent;
const order = new Intl.Collator(undefined, { numeric: true }).compare;
for (const head of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down < 0 ? "descending" : "ascending");
    const number = head.classList.contains("number");
    const compare = number ? (a, b) => a - b : order;
    const rows = [...body.rows].map((row) => [key(row, head.cellIndex), row]);
    body.replaceChildren(...rows.sort((a, b) => down * compare(a[0], b[0])).map(([, row]) => row));
  });
  head.append(button);
}
