// The audience builder: words go into the expression by a click, and the shelves filter.
(() => {
  const box = document.getElementById("f-expression");
  const shelves = document.getElementById("shelves");
  const joiners = new Set(["AND", "OR", "NOT", "("]);

  const put = (word) => {
    const text = box.value.trimEnd();
    const last = text.split(/\s+/).at(-1);
    const isWord = !["AND", "OR", "NOT", "(", ")"].includes(word);
    if (word === "") box.value = "";
    else if (isWord && text && !joiners.has(last)) box.value = `${text} AND ${word}`;
    else box.value = text ? `${text} ${word}` : word;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  };

  document.getElementById("builder").addEventListener("click", (event) => {
    const button = event.target.closest("[data-word]");
    if (button) put(button.dataset.word);
  });

  document.getElementById("palette-q").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const shelf of shelves.querySelectorAll("details")) {
      let any = false;
      for (const chip of shelf.querySelectorAll("[data-search]")) {
        chip.hidden = wanted !== "" && !chip.dataset.search.includes(wanted);
        any ||= !chip.hidden;
      }
      shelf.hidden = !any;
    }
  });
})();
