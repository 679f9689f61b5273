// Heat maps by keyboard: Tab reaches one square, the newest at first; the arrows go on from there.
const squares = (map) => [...map.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
const link = (cell) => cell?.querySelector("a");
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const reach = (map, chosen) => {
  for (const other of map.querySelectorAll("td a")) other.tabIndex = other === chosen ? 0 : -1;
};

const newest = (map) => squares(map).flatMap((row) => row.findLast(link) ?? [])[0];

const begin = () => {
  for (const map of document.querySelectorAll("[data-heat]")) {
    if (!map.querySelector('td a[tabindex="0"]')) reach(map, link(newest(map)));
  }
};

// The next square in a direction, past the days that have none.
const next = (rows, at, [down, across]) => {
  let [row, column] = at;
  do {
    row += down;
    column += across;
  } while (rows[row]?.[column] && !link(rows[row][column]));
  return link(rows[row]?.[column]);
};

document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("[data-heat] td");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const map = cell.closest("[data-heat]");
  const rows = squares(map);
  const row = rows.findIndex((cells) => cells.includes(cell));
  const at = [row, rows[row].indexOf(cell)];
  const ends = { Home: link(rows[row].find(link)), End: link(rows[row].findLast(link)) };
  const found = STEPS[event.key] ? next(rows, at, STEPS[event.key]) : ends[event.key];
  if (!STEPS[event.key] && !(event.key in ends)) return;
  event.preventDefault();
  if (!found) return;
  reach(map, found);
  found.focus();
});
document.addEventListener("htmx:after:swap", begin);
begin();
