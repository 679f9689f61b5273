// The frame: folding rail, drawer on a phone, theme, business date, search over everything.
(() => {
  const body = document.body;
  const YEAR = 31536000;
  const remember = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  };

  const fold = () => {
    body.dataset.rail = body.dataset.rail === "folded" ? "open" : "folded";
    remember("titian_rail", body.dataset.rail);
    window.dispatchEvent(new Event("resize"));
  };

  const drawer = (open) => {
    body.dataset.drawer = open ? "open" : "shut";
    if (open) document.querySelector("#rail a[aria-current], #rail nav a")?.focus();
  };

  const chooseTheme = (button) => {
    const chosen = button.dataset.themeChoice;
    remember("titian_theme", chosen);
    window.titianTheme(chosen);
    for (const other of document.querySelectorAll("[data-theme-choice]")) {
      other.setAttribute("aria-checked", String(other === button));
    }
  };

  const pickDay = (input) => {
    const address = new URL(location.href);
    if (input.value) address.searchParams.set("date", input.value);
    else address.searchParams.delete("date");
    address.searchParams.delete("page");
    location.assign(address);
  };

  const palette = document.getElementById("palette");
  const openPalette = () => {
    if (!palette || palette.open) return;
    palette.showModal();
    const input = palette.querySelector("input");
    input.select();
    input.dispatchEvent(new Event("palette"));
  };

  const movePalette = (step) => {
    const found = [...palette.querySelectorAll("[role=option]")];
    if (!found.length) return;
    const at = found.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = found[(at + step + found.length) % found.length];
    for (const option of found) option.setAttribute("aria-selected", String(option === next));
    next.scrollIntoView({ block: "nearest" });
    palette.querySelector("input").setAttribute("aria-activedescendant", next.id);
  };

  palette?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      movePalette(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      palette.querySelector("[role=option][aria-selected=true]")?.click();
    }
  });

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest(selector);
    if (at("[data-day] input")) at("[data-day] input").showPicker?.();
    if (at("[data-rail-fold]")) fold();
    else if (at("[data-drawer-open]")) drawer(true);
    else if (at("[data-palette]")) openPalette();
    else if (at("[data-theme-choice]")) chooseTheme(at("[data-theme-choice]"));
    else if (event.target === palette) palette.close();
    else if (body.dataset.drawer === "open" && !at("#rail")) drawer(false);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-day] input")) pickDay(event.target);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    } else if (event.key === "/" && !typing) {
      event.preventDefault();
      (document.querySelector(".filters input[type=search]") ?? { focus: openPalette }).focus();
    } else if (event.key === "Escape" && body.dataset.drawer === "open") drawer(false);
  });

  if (/Mac|iPhone|iPad/.test(navigator.platform)) {
    for (const key of document.querySelectorAll("[data-shortcut-key]")) key.textContent = "⌘ K";
  }
})();
