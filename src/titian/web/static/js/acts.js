// Small behaviours of forms and lists: questions before acts, picked rows, pausing, dialogs.
(() => {
  const box = document.getElementById("confirm");

  const ask = (text, danger) =>
    new Promise((resolve) => {
      box.querySelector("[data-confirm-text]").textContent = text;
      box.querySelector("[data-confirm-yes]").dataset.variant = danger ? "danger" : "primary";
      box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true });
      box.returnValue = "no";
      box.showModal();
    });

  // Forms and their buttons: data-confirm asks first, data-once sends only once.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && box && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      event.stopImmediatePropagation();
      const danger = "danger" in form.dataset || event.submitter?.dataset.variant === "danger";
      if (await ask(question, danger)) {
        form.dataset.confirmed = "yes";
        form.requestSubmit(event.submitter ?? undefined);
        delete form.dataset.confirmed;
      }
      return;
    }
    if ("once" in form.dataset && event.submitter) event.submitter.setAttribute("aria-busy", "true");
  }, true);

  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
  });

  document.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.ctx.confirm || !box) return;
    event.preventDefault();
    const danger = event.target.dataset?.variant === "danger";
    if (await ask(event.detail.ctx.confirm, danger)) event.detail.issueRequest();
    else event.detail.dropRequest();
  });

  // Rows picked for a bulk act.
  document.addEventListener("change", (event) => {
    const form = event.target.closest(".data-form");
    if (!form) return;
    const rows = [...form.querySelectorAll("tbody [name=row]")];
    if (event.target.matches("[data-pick-all]")) {
      for (const row of rows) row.checked = event.target.checked;
    }
    const picked = rows.filter((row) => row.checked).length;
    const all = form.querySelector("[data-pick-all]");
    if (all) {
      all.checked = picked > 0 && picked === rows.length;
      all.indeterminate = picked > 0 && picked < rows.length;
    }
    const count = form.querySelector("[data-picked]");
    if (count) count.textContent = String(picked);
  });

  // A dialog whose form was refused opens again, at what is wrong.
  document.querySelector("dialog.box:has([aria-invalid])")?.showModal();

  // Dialogs and pausing of parts that fetch themselves.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog")?.close();
    const pause = event.target.closest("[data-pause]");
    if (pause) {
      const held = pause.getAttribute("aria-pressed") !== "true";
      pause.setAttribute("aria-pressed", String(held));
      document.getElementById(pause.dataset.pause)?.toggleAttribute("data-held", held);
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy);
  });

  // Parts that fetch themselves: not while held, while nobody sees them, or while something in
  // them is open; once they are seen again, at once.
  document.addEventListener("htmx:before:request", (event) => {
    const part = event.target;
    if (!part.matches?.("[data-polled]")) return;
    const open = part.querySelector("dialog[open], [aria-expanded=true]");
    if (part.hasAttribute("data-held") || document.hidden || open) event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const part of document.querySelectorAll("[data-polled]")) part.dispatchEvent(new Event("wake"));
  });

  // A part of the page that is at its own address asks with the address as it stands: filters
  // that were set since stay set.
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (!event.target.matches?.("[data-polled]")) return;
    const asked = new URL(request.action, location.href);
    if (asked.pathname === location.pathname) request.action = location.pathname + location.search;
  });

  // Filters leave no empty names in the address.
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (request.method !== "GET" || !(request.body instanceof FormData)) return;
    for (const [name, value] of [...request.body]) {
      if (value === "") request.body.delete(name);
    }
  });
})();
