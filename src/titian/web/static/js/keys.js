// The keyboard: rows of lists are walked, opened and ticked; ? shows all keys.
(() => {
  const TYPING = "input, textarea, select, [contenteditable]";
  const help = document.getElementById("keys");

  const rowsOf = (table) => [...table.querySelectorAll("tbody > tr[tabindex]")];
  const here = () => document.activeElement?.closest?.("tr[tabindex]");
  const tableAt = () =>
    document.activeElement?.closest?.(".data-panel")?.querySelector(".data-table") ??
    [...document.querySelectorAll(".data-panel .data-table")].find((one) => one.offsetParent);

  const walk = (step) => {
    const table = tableAt();
    if (!table) return;
    const rows = rowsOf(table);
    const at = rows.indexOf(here());
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  };

  const turn = (rel) => {
    const panel = tableAt()?.closest(".data-panel") ?? document;
    panel.querySelector(`.pager a[rel=${rel}]`)?.click();
  };

  const tick = (row) => {
    const box = row.querySelector("input[name=row]");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const onRow = {
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    Enter: (row) => row.querySelector("td.main a, a")?.click(),
    x: tick,
    Escape: (row) => row.blur(),
  };

  const anywhere = {
    j: () => walk(1),
    k: () => walk(-1),
    "[": () => turn("prev"),
    "]": () => turn("next"),
    "?": () => help?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
    const row = event.target.matches?.("tr[tabindex]") ? event.target : null;
    const act = (row && onRow[event.key]) || anywhere[event.key];
    if (!act) return;
    event.preventDefault();
    act(row);
  });

  help?.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });
})();
