/* The inbox: how many are chosen, all of a page at once, and a key that decides about the row in focus. Without this
   file one ticks, presses a button, and the page that asks next says what was chosen. */
"use strict";

function triage(form) {
  const boxes = [...form.querySelectorAll("[name=chosen]")];
  const all = document.querySelector("[data-choose-all]");
  const said = form.querySelector("[data-said]");
  const chosen = () => boxes.filter((box) => box.checked).length;

  const count = () => {
    const number = chosen();
    said.textContent = number ? `${number} chosen:` : "None chosen";
    said.classList.remove("soon");
    all.checked = number === boxes.length;
    all.indeterminate = number > 0 && number < boxes.length;
  };
  all.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    count();
  });
  form.addEventListener("change", count);
  addEventListener("pageshow", count); // a browser ticks again what was ticked when one goes back
  form.addEventListener("submit", (event) => {
    // A shortcut presses the button and leaves the focus in the row: that one is meant.
    const row = document.activeElement.closest("tbody tr");
    if (!chosen() && row) row.querySelector("[name=chosen]").checked = true;
    if (chosen()) return;
    event.preventDefault();
    said.textContent = "Choose at least one proposal first.";
    said.classList.add("soon");
  });
  count();
}

document.querySelectorAll("[data-triage]").forEach(triage);
