/* Names for what Django's widgets leave without one, for those who hear the page: the boxes of select2, the two halves
   of a date and time, the tooltips of its lists, columns without a head. They come and change when they like, so each time anew. */
"use strict";

const text = (element) => element.textContent.trim().replace(/:$/, "");

function nameBox(box) {
  const select = box.closest(".select2")?.previousElementSibling;
  const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
  if (!label) return;
  box.removeAttribute("aria-labelledby");
  box.setAttribute("aria-label", `${text(label)}: ${text(box)}`);
  box.querySelector("[role=textbox]")?.setAttribute("aria-label", text(label));
}

function nameHalf(half) {
  const label = half.closest(".form-row, .flex-container")?.querySelector("label, legend");
  if (!label || document.querySelector(`label[for="${CSS.escape(half.id)}"]`)) return;
  half.setAttribute("aria-label", `${text(label)}, ${half.matches(".vDateField") ? "date" : "time"}`);
}

function nameColumn(head) {
  const name = head.matches(".original") ? "Row" : "More";
  head.append(Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: name }));
}

function nameAll() {
  document.querySelectorAll(".select2-selection").forEach(nameBox);
  document.querySelectorAll(".vDateField, .vTimeField").forEach(nameHalf);
  document.querySelectorAll(".help-tooltip[aria-label]").forEach((tip) => tip.setAttribute("role", "img"));
  document.querySelectorAll("thead th:empty").forEach(nameColumn);
}

new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
nameAll();
