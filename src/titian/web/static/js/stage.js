// The window onto a picture: size (buttons, keys, Ctrl with the wheel, pinch), pan, full screen.
const LEAST = 0.15, MOST = 2.5, STEP = 1.25, READABLE = 0.7, DRAG_PX = 4, PADDING_PX = 13;
const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "full", f: "screen" };
const apart = ([one, other]) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);

class Stage {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".flow-stage");
    this.svg = this.stage.querySelector("svg");
    this.size = 1;
    root.querySelector(".flow-tools").hidden = false;
    this.stage.dataset.grab = "";
    this.listen();
    this.begin();
  }

  // As large as can be read: all of it, or the part around what matters most.
  begin() {
    if (!this.stage.clientWidth) return;
    const best = this.best();
    this.zoom(Math.max(best, READABLE));
    if (best < READABLE) this.root.dispatchEvent(new CustomEvent("flow:start"));
  }

  best() {
    const { width, height } = this.svg.viewBox.baseVal;
    const full = document.fullscreenElement === this.root;
    const tall = full ? this.stage.clientHeight : Math.min(innerHeight * 0.7, 736);
    const [across, down] = [this.stage.clientWidth, tall].map((side) => side - 2 * PADDING_PX);
    return Math.min(across / width, down / height, 1);
  }

  // Changes the size around a point of the window, its middle unless told.
  zoom(size, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const before = this.size;
    this.size = Math.min(MOST, Math.max(LEAST, size));
    const { width, height } = this.svg.viewBox.baseVal;
    const left = (this.stage.scrollLeft + x) * (this.size / before) - x;
    const top = (this.stage.scrollTop + y) * (this.size / before) - y;
    this.svg.setAttribute("width", width * this.size);
    this.svg.setAttribute("height", height * this.size);
    this.stage.scrollTo(left, top);
    this.root.querySelector("[data-zoom=full]").textContent = `${Math.round(this.size * 100)}%`;
  }

  press(what) {
    if (what === "in") this.zoom(this.size * STEP);
    else if (what === "out") this.zoom(this.size / STEP);
    else if (what === "full") this.zoom(1);
    else if (what === "fit") this.zoom(this.best());
    else if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  drag(event) {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    const { stage } = this;
    const begun = { x: event.clientX, y: event.clientY, left: stage.scrollLeft, top: stage.scrollTop };
    this.dragged = false;
    const move = (now) => {
      const [x, y] = [now.clientX - begun.x, now.clientY - begun.y];
      this.dragged ||= Math.hypot(x, y) > DRAG_PX;
      if (!this.dragged) return;
      stage.dataset.grab = "held";
      stage.scrollTo(begun.left - x, begun.top - y);
    };
    const drop = () => {
      removeEventListener("pointermove", move);
      stage.dataset.grab = "";
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", drop, { once: true });
  }

  at(point) {
    const { x, y } = this.stage.getBoundingClientRect();
    return [point.clientX - x, point.clientY - y];
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(this.size * Math.exp(-event.deltaY * 0.002), ...this.at(event));
  }

  pinch(event) {
    if (event.touches.length !== 2) return;
    event.preventDefault();
    const now = apart(event.touches);
    if (this.pinched) this.zoom(this.size * (now / this.pinched), ...this.at(event.touches[0]));
    this.pinched = now;
  }

  key(event) {
    const what = KEYS[event.key.toLowerCase()];
    if (!what || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.press(what);
  }

  listen() {
    const { root, stage } = this;
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    stage.addEventListener("touchmove", (event) => this.pinch(event), { passive: false });
    stage.addEventListener("touchend", () => delete this.pinched);
    stage.addEventListener("pointerdown", (event) => this.drag(event));
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("click", (event) => {
      if (!this.dragged) return;
      event.preventDefault();
      event.stopPropagation();
      this.dragged = false;
    }, { capture: true });
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-zoom]");
      if (button) this.press(button.dataset.zoom);
    });
    root.addEventListener("flow:shown", () => this.begin());
    root.addEventListener("fullscreenchange", () => this.zoom(this.best()));
  }
}

const seen = new WeakSet();
const begin = () => {
  for (const root of document.querySelectorAll("[data-flow]")) {
    if (seen.has(root)) continue;
    seen.add(root);
    new Stage(root);
  }
};
document.addEventListener("htmx:after:swap", begin);
begin();
