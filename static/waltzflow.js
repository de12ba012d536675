/* What HTML and htmx leave open, each part in a function of its own. Every page works without this file. */
"use strict";

/* Makes a text field and the list under it a combobox as the ARIA Authoring Practices describe it: arrows move,
   Enter takes, Escape closes, what is found is said. htmx fills the list; `look` asks it to do so at once. */
function picker(box) {
  const [input, list, said] = box.querySelectorAll("input, [role=listbox], [role=status]");
  const most = 20;
  let active = null;
  let awaited = false; // something has been typed and its list has not come yet

  const offers = () => [...list.children];
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    if (!open) activate(null);
  };
  const say = (text, seen = false) => {
    said.textContent = text;
    said.classList.toggle("sr", !seen);
  };
  const activate = (offer) => {
    active?.setAttribute("aria-selected", "false");
    active = offer;
    active?.setAttribute("aria-selected", "true");
    active?.scrollIntoView({ block: "nearest" });
    if (active) input.setAttribute("aria-activedescendant", active.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (offer) => {
    input.value = offer.dataset.value;
    awaited = false;
    show(false);
    say("");
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const look = () => {
    awaited = true;
    input.dispatchEvent(new Event("look"));
  };
  const move = (step) => {
    if (list.hidden) return look();
    const all = offers();
    const place = active ? all.indexOf(active) + step : step > 0 ? 0 : -1;
    activate(all.at(place % all.length));
  };
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => (list.hidden ? awaited && look() : active ? take(active) : show(false)),
    Escape: () => show(false),
    Tab: () => offers().length === 1 && active && take(active),
  };

  input.removeAttribute("list");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  show(false);
  say("");
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const idle = list.hidden && (event.key === "Escape" || (event.key === "Enter" && !awaited));
    if (!(event.key in keys) || event.altKey || event.ctrlKey || event.metaKey || idle) return;
    if (event.key !== "Tab") event.preventDefault();
    keys[event.key]();
  });
  input.addEventListener("input", () => (awaited = true));
  input.addEventListener("click", () => list.hidden && !input.value && look());
  input.addEventListener("blur", () => show(false));
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const offer = event.target.closest("[role=option]");
    if (offer) take(offer);
  });
  list.addEventListener("htmx:afterSwap", () => {
    if (!awaited || document.activeElement !== input) return;
    awaited = false;
    const all = offers();
    all.forEach((offer, place) => (offer.id = `${list.id}_${place}`));
    show(all.length > 0);
    if (!all.length) return say(list.dataset.none, true);
    say(all.length < most ? `${all.length} ${list.dataset.found}` : list.dataset.most);
    if (input.value) activate(all[0]);
  });
}

document.querySelectorAll("[data-picker]").forEach(picker);
