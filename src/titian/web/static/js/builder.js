// The builder of conditions: leads to the part just added, and makes the search a list one can
// walk with the arrow keys. The tree itself is the form; nothing of it is kept here.
(() => {
  const box = (input) => input.closest(".b-find").querySelector(".b-found");
  const options = (input) => [...box(input).querySelectorAll("[role=option]")];

  const shut = (input) => {
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    box(input).replaceChildren();
  };

  const mark = (input, next) => {
    for (const option of options(input)) option.setAttribute("aria-selected", String(option === next));
    next.id ||= `${input.id}-option-${options(input).indexOf(next)}`;
    input.setAttribute("aria-activedescendant", next.id);
    next.scrollIntoView({ block: "nearest" });
  };

  const step = (input, by) => {
    const found = options(input);
    if (!found.length) return;
    const at = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
    mark(input, found[at < 0 && by < 0 ? found.length - 1 : (at + by + found.length) % found.length]);
  };

  // Menus and lists of values lie over what is below: they close once one is elsewhere.
  const leave = (to) => {
    for (const menu of document.querySelectorAll(".b-menu[open], .b-values[open]")) {
      if (!menu.contains(to)) menu.open = false;
    }
  };

  const lead = (form) => {
    const to = document.getElementById(form.dataset.opened);
    if (!to) return;
    const first = (what) => to.querySelector(what);
    const target = to.matches("input") ? to : first(".b-values[open] input") ?? first(".b-values > summary") ?? first("input:not([type=hidden])") ?? first("select, button");
    target?.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector(".b-menu[open], .b-values[open]");
    if (menu && event.key === "Escape") {
      event.preventDefault();
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    const input = event.target.closest?.(".b-find input");
    if (!input) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(input, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      (options(input).find((o) => o.getAttribute("aria-selected") === "true") ?? options(input)[0])?.click();
    } else if (event.key === "Escape" && input.getAttribute("aria-expanded") === "true") {
      event.preventDefault();
      shut(input);
    }
  });

  // What was chosen or left: the list goes, and what was typed to find it.
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest?.(".b-found [role=option]");
    for (const input of document.querySelectorAll(".b-find input")) {
      if (chosen && input.closest(".b-find").contains(chosen)) {
        setTimeout(() => {
          input.value = "";
          shut(input);
        });
      } else if (!input.closest(".b-find").contains(event.target)) shut(input);
    }
    leave(event.target);
  });

  document.addEventListener("focusin", (event) => {
    for (const input of document.querySelectorAll(".b-find input[aria-expanded=true]")) {
      if (!input.closest(".b-find").contains(event.target)) shut(input);
    }
    // Pressing a label first gives the focus to what lies around it: that is not leaving.
    if (!event.target.querySelector(".b-menu[open], .b-values[open]")) leave(event.target);
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail;
    const swapped = ctx?.target ?? event.target;
    if (swapped.classList?.contains("b-found")) {
      const input = swapped.closest(".b-find").querySelector("input");
      const focused = document.activeElement === input;
      input.setAttribute("aria-expanded", String(focused));
      if (!focused) swapped.replaceChildren();
      return;
    }
    const form = document.getElementById("builder");
    const pressed = ctx?.request?.submitter ?? ctx?.sourceEvent?.submitter;
    if (form && pressed && (swapped === form || swapped.id === "builder")) lead(form);
  });
})();
