// A customer's page: the tab one is on is in view.
(() => {
  const tabs = document.querySelector(".customer .link-tabs");
  const tab = tabs?.querySelector("[aria-current]");
  if (tab) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
})();
