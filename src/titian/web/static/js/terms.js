// Keeps the box of "what is this?" inside the window, and closes it when what is below moves away.
(() => {
  const MARGIN = 8;
  const TABBAR = 64;
  const GAP = 32;

  const place = (box) => {
    const { left, bottom } = box.previousElementSibling.getBoundingClientRect();
    const over = left + box.offsetWidth + MARGIN - document.documentElement.clientWidth;
    const bar = matchMedia("(max-width: 48rem)").matches ? TABBAR : 0;
    const below = bottom + box.offsetHeight + MARGIN + bar;
    const x = over > 0 ? -Math.min(over, left - MARGIN) : 0;
    const y = below > innerHeight ? -(box.offsetHeight + GAP) : 0;
    box.style.translate = `${x}px ${y}px`;
  };

  document.addEventListener("basecoat:popover", ({ detail }) => {
    const box = detail.source.matches?.(".what") && detail.source.querySelector("[data-popover]");
    if (box) requestAnimationFrame(() => place(box));
  });

  addEventListener("scroll", (event) => {
    const open = document.querySelector(".what > [aria-expanded=true]");
    if (!open || !event.target.contains?.(open)) return;
    document.dispatchEvent(new CustomEvent("basecoat:popover", { detail: { source: document } }));
  }, { capture: true, passive: true });
})();
