// Runs before the first paint: puts the dark theme on when the reader or the system asks for it.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = root.dataset.theme;
    root.classList.toggle("dark", chosen === "dark" || (chosen !== "light" && system.matches));
    document.dispatchEvent(new CustomEvent("titian:theme"));
  };
  apply();
  system.addEventListener("change", apply);
  window.titianTheme = (chosen) => {
    root.dataset.theme = chosen;
    apply();
  };
})();
