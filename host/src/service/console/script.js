// Keeps a conversation fresh while it waits for something that happens elsewhere, such as consent in another window.
"use strict";
const log = document.querySelector("[data-waits]");
if (log) {
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#conversation");
      const shown = document.querySelector("#conversation");
      if (fresh && shown && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
      if (!document.querySelector("[data-waits]")) return;
    } catch { /* The next look may reach it. */ }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1500);
}
document.querySelector("[data-last]")?.scrollIntoView({ block: "nearest" });
