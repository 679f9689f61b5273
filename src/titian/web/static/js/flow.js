// Pictures of what feeds what: the ways up and down from a box, choosing, finding, keys.
const PHONE = "(max-width: 640px)";
const toggle = (element, name, on) => element.toggleAttribute(name, on);

class Flow {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".flow-stage");
    this.card = root.querySelector(".flow-card");
    this.boxes = [...root.querySelectorAll(".flow-box")];
    this.named = new Map(this.boxes.map((box) => [box.dataset.name, box]));
    this.lines = [...root.querySelectorAll("[data-from]")];
    this.up = new Map();
    this.down = new Map();
    for (const { dataset: { from, to } } of this.lines) {
      this.up.set(to, [...(this.up.get(to) ?? []), from]);
      this.down.set(from, [...(this.down.get(from) ?? []), to]);
    }
    this.found = [];
    this.reach(this.start());
    root.querySelector(".flow-views").hidden = false;
    this.listen();
    const usual = root.hasAttribute("data-both") ? "both" : "picture";
    this.show(matchMedia(PHONE).matches ? "list" : usual);
  }

  start() {
    const first = (selector) => this.stage.querySelector(selector);
    return first("[aria-current]") ?? first("[data-tone=bad]") ?? this.boxes[0];
  }

  show(view) {
    this.root.dataset.view = view;
    for (const button of this.root.querySelectorAll("button[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    if (view !== "list") this.root.dispatchEvent(new CustomEvent("flow:shown"));
  }

  centre(box) {
    if (!box) return;
    const own = box.getBoundingClientRect();
    const window = this.stage.getBoundingClientRect();
    this.stage.scrollBy(
      own.x + own.width / 2 - window.x - window.width / 2,
      own.y + own.height / 2 - window.y - window.height / 2,
    );
  }

  // The names on all ways from a box in one direction, and the lines as "from to".
  ways(box, next, line) {
    const open = [box.dataset.name];
    const names = new Set(open);
    const lines = new Set();
    for (const name of open) {
      for (const other of next.get(name) ?? []) {
        lines.add(line(name, other));
        if (!names.has(other)) open.push(other);
        names.add(other);
      }
    }
    return [names, lines];
  }

  // Lights a box and all ways up and down from it; null puts the light out.
  light(box) {
    const both = box
      ? [this.ways(box, this.up, (a, b) => `${b}\n${a}`), this.ways(box, this.down, (a, b) => `${a}\n${b}`)]
      : [];
    const on = (kind, key) => both.some((way) => way[kind].has(key));
    toggle(this.root, "data-lit", Boolean(box));
    for (const other of this.boxes) toggle(other, "data-on", on(0, other.dataset.name));
    for (const line of this.lines) toggle(line, "data-on", on(1, `${line.dataset.from}\n${line.dataset.to}`));
  }

  choose(box) {
    this.chosen?.removeAttribute("data-chosen");
    this.chosen = box;
    this.light(box);
    this.card.hidden = !box;
    if (!box) return;
    toggle(box, "data-chosen", true);
    this.reach(box);
    const part = (name) => this.card.querySelector(`[data-${name}]`);
    const [label, ...more] = box.querySelector("title").textContent.trim().split(" · ");
    this.card.querySelector("strong").textContent = label;
    part("note").textContent = more.join(" · ");
    part("how").textContent = box.dataset.how ?? "";
    for (const [link, to] of [[part("open-box"), box.getAttribute("href")], [part("near"), box.dataset.near]]) {
      link.hidden = !to;
      if (to) link.href = to;
    }
  }

  // One box at a time is reached by Tab; the arrows go on from there.
  reach(box) {
    for (const other of this.boxes) other.setAttribute("tabindex", other === box ? "0" : "-1");
  }

  step(box, key) {
    const height = (one) => one.getBoundingClientRect().y;
    const far = (one) => Math.abs(height(one) - height(box));
    const ways = { ArrowLeft: this.up, ArrowRight: this.down }[key];
    const column = this.boxes.filter((one) => one.dataset.column === box.dataset.column);
    const linked = (ways?.get(box.dataset.name) ?? []).map((name) => this.named.get(name));
    linked.sort((one, other) => far(one) - far(other));
    const next = ways ? linked[0] : column[column.indexOf(box) + (key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    this.reach(next);
    next.focus({ preventScroll: true });
    this.centre(next);
  }

  find(words) {
    const low = words.trim().toLowerCase();
    const has = (box) => `${box.dataset.name} ${box.textContent}`.toLowerCase().includes(low);
    this.found = low ? this.boxes.filter(has) : [];
    this.at = -1;
    for (const box of this.boxes) toggle(box, "data-found", this.found.includes(box));
    this.root.querySelector(".flow-found").textContent = low ? String(this.found.length) : "";
  }

  next() {
    this.at = (this.at + 1) % this.found.length;
    this.choose(this.found[this.at]);
    this.centre(this.chosen);
    this.root.querySelector(".flow-found").textContent = `${this.at + 1} / ${this.found.length}`;
  }

  key(event) {
    const box = event.target.closest(".flow-box");
    if (box && event.key.startsWith("Arrow")) this.step(box, event.key);
    else if (box && event.key === " ") this.choose(box === this.chosen ? null : box);
    else if (event.key === "Escape" && this.chosen) this.choose(null);
    else return;
    event.preventDefault();
  }

  // The first click chooses; a second one, and the Enter key (detail 0), follow the link.
  click(event) {
    const box = event.target.closest(".flow-box");
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (box && (event.detail === 0 || (box === this.chosen && box.hasAttribute("href")))) return;
    event.preventDefault();
    this.choose(box);
  }

  listen() {
    const { root, stage } = this;
    const point = (event) => this.chosen || this.light(event.target.closest(".flow-box"));
    for (const name of ["pointerover", "focusin"]) stage.addEventListener(name, point);
    for (const name of ["pointerleave", "focusout"]) {
      stage.addEventListener(name, () => this.chosen || this.light(null));
    }
    stage.addEventListener("click", (event) => this.click(event));
    stage.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("flow:start", () => this.centre(this.start()));
    root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-view], [data-shut]");
      if (button?.dataset.view) this.show(button.dataset.view);
      else if (button) this.choose(null);
    });
    const words = root.querySelector(".flow-find input[type=search]");
    words.addEventListener("input", () => this.find(words.value));
    words.addEventListener("keydown", (event) => {
      const exact = words.list && [...words.list.options].some((one) => one.value === words.value);
      if (event.key !== "Enter" || exact || (words.list && !this.found.length)) return;
      event.preventDefault();
      if (this.found.length) this.next();
    });
  }
}

const begin = () => {
  for (const button of document.querySelectorAll(":is(.flow-ask, .flow-find) button[type=submit]")) button.hidden = true;
  for (const root of document.querySelectorAll("[data-flow]:not([data-view])")) new Flow(root);
};
document.addEventListener("htmx:after:swap", begin);
document.addEventListener("change", (event) => {
  if (event.target.matches(".flow-ask select, .flow-pick select")) event.target.form.requestSubmit();
});
begin();
