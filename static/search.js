/* The page of the search: what was typed early is searched, arrows move among what is found, and back into the field. */
"use strict";

const field = document.querySelector("#id_q");
field.setSelectionRange(field.value.length, field.value.length); // behind what was typed, not before it

// Who types while the page is still coming is answered too: htmx hears only what comes after it.
const early = () => field.value !== field.defaultValue && field.dispatchEvent(new Event("look"));
document.addEventListener("htmx:load", early, { once: true });

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  const places = [field, ...document.querySelectorAll("#matches a")];
  const place = places.indexOf(document.activeElement);
  if (place < 0 || !places[place + step]) return;
  event.preventDefault();
  places[place + step].focus();
});
