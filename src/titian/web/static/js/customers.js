// A customer's page: the tab one is on is in view, and a refused reason opens its dialog again.
(() => {
  const tabs = document.querySelector(".customer .link-tabs");
  const tab = tabs?.querySelector("[aria-current]");
  if (tab) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  if (document.querySelector("#unmask [aria-invalid]")) document.getElementById("unmask").showModal();
})();
