// The page of a payment: copies what must be typed, and turns green when the money is there.
"use strict";

(() => {
  const place = document.querySelector("[data-state]");
  if (!place) return;

  if (navigator.clipboard) {
    for (const button of place.querySelectorAll("[data-copy]")) {
      const label = button.textContent;
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).dataset.value);
        button.textContent = place.dataset.copied;
        setTimeout(() => { button.textContent = label; }, 2000);
      });
    }
  }

  // Every three seconds at first, ever more seldom later; at once when the page comes into view.
  let wait = 3000;
  let timer = 0;
  const look = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(place.dataset.state, { cache: "no-store" });
      if (answer.ok && (await answer.json()).state === "given") {
        location.reload();
        return;
      }
    } catch {
      // No network at the moment: the next look may find it.
    }
    wait = Math.min(wait * 1.05, 30000);
    timer = setTimeout(look, wait);
  };
  timer = setTimeout(look, wait);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();
