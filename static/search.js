/* The page of the search: arrows move among what is found, and back into the field. */
"use strict";

const field = document.querySelector("#id_q");
field.setSelectionRange(field.value.length, field.value.length); // behind what was typed, not before it

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const places = [field, ...document.querySelectorAll("#matches a")];
  const place = places.indexOf(document.activeElement);
  if (place < 0 || !places[place + step]) return;
  event.preventDefault();
  places[place + step].focus();
});
