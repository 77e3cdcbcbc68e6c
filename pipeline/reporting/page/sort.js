// Tables sort by a click on a heading; a second click turns the order round.
(() => {
  "use strict";
  const digits = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";
  const plain = (text) => text.replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (c) => "-0123456789"[digits.indexOf(c)]);

  // What is read of a cell, without the hidden digits that align it.
  function shown(row, column) {
    const copy = row.cells[column].cloneNode(true);
    copy.querySelectorAll(".room").forEach((room) => room.remove());
    return copy.textContent.trim();
  }

  function number(text) {
    const point = parseFloat(text.replace(/\u202f/g, "").replace("−", "-"));
    const power = / ×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/.exec(text);
    return power ? point * 10 ** Number(plain(power[1])) : point;
  }

  function sort(table, head, column) {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const numeric = !head.classList.contains("text");
    const rows = [...table.tBodies[0].rows].map((row) => [shown(row, column), row]);
    const value = numeric ? ([text]) => number(text) : ([text]) => text;
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (numeric && (Number.isNaN(x) || Number.isNaN(y))) return Number.isNaN(x) - Number.isNaN(y);
      return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
    });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }

  for (const table of document.querySelectorAll("table.data")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(table, head, column));
      head.replaceChildren(button);
    });
  }
})();
