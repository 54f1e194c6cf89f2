// Keeps a conversation fresh while it waits for something that happens elsewhere, such as consent in another window.
"use strict";
const waits = () => document.querySelector("[data-waits]");
if (waits()) {
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [fresh, shown] = [page, document].map((where) => where.querySelector("[role=log]"));
      if (fresh && shown) {
        // The log itself stays, so that what is added to it is read out.
        const lines = shown.querySelector("ol");
        const last = Number(lines.lastElementChild?.dataset.at ?? -1);
        lines.append(...[...fresh.querySelector("ol").children].filter((line) => Number(line.dataset.at) > last));
        const [next, before] = [page, document].map((where) => where.querySelector("#answer"));
        if (next.innerHTML !== before.innerHTML) before.replaceChildren(...next.childNodes);
        shown.toggleAttribute("data-waits", fresh.hasAttribute("data-waits"));
      }
      if (!waits()) return;
    } catch { /* The next look may reach it. */ }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1500);
}
document.querySelector("[data-last]")?.scrollIntoView({ block: "nearest" });
