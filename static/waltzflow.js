/* What HTML and htmx leave open, each part in a function of its own. Every page works without this file. */
"use strict";

/* Makes a text field and the list under it a combobox as the ARIA Authoring Practices describe it: arrows move,
   Enter takes, Escape closes, how many match is said. htmx fills the list; `look` asks it to do so at once. */
function picker(box) {
  const [input, list, status] = box.querySelectorAll("input, [role=listbox], [role=status]");
  let active = null;
  let awaited = false; // something has been typed and its list has not come yet
  let lastChange = input.value; // the value of the last change event

  const offers = () => [...list.children];
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    if (!open) activate(null);
  };
  const say = (text, seen = false) => {
    status.textContent = text;
    status.classList.toggle("sr", !seen);
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
  // Chromium sends another change when the field is left after a value was taken.
  box.addEventListener(
    "change",
    (event) => {
      if (input.value === lastChange) event.stopPropagation();
      lastChange = input.value;
    },
    true,
  );
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
    say(all.length < list.dataset.limit ? `${all.length} ${list.dataset.found}` : list.dataset.most);
    if (input.value) activate(all[0]);
  });
}

document.querySelectorAll("[data-picker]").forEach(picker);

/* The chooser of data types: a filter that hides what does not match, and what is chosen in one line. Listens at the
   document, since htmx puts in another chooser when the source changes. */
function filterTypes(filter) {
  const box = filter.closest("[data-types]");
  const words = filter.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...box.querySelectorAll("[data-words]")];
  rows.forEach((row) => {
    row.hidden = !row.querySelector(":checked") && !words.every((word) => row.dataset.words.includes(word));
  });
  box.querySelectorAll("[data-group]").forEach((group) => {
    group.hidden = !group.querySelector("[data-words]:not([hidden])");
  });
  box.classList.toggle("filtering", words.length > 0);
  const shown = rows.filter((row) => !row.hidden).length;
  box.querySelector("[data-count]").textContent = words.length ? `${shown} of ${rows.length} shown.` : "";
}

function nameChosen(box) {
  const names = [...box.querySelectorAll("label:has(:checked) [data-name]")].map((name) => name.textContent);
  box.querySelector("[data-chosen]").textContent = names.length ? `Chosen: ${names.join(", ")}` : "Nothing chosen yet.";
}

document.addEventListener("input", (event) => event.target.matches("[data-filter]") && filterTypes(event.target));
document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-types]");
  if (box && event.target.type === "checkbox") nameChosen(box);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("[data-filter]")) event.preventDefault();
});

/* What was ticked while the answer was on its way stays ticked. */
document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  for (const coming of fragment.querySelectorAll("input[type=checkbox]")) {
    const now = target.querySelector(`input[name="${coming.name}"][value="${CSS.escape(coming.value)}"]`);
    if (now) coming.checked = now.checked;
  }
});

/* "Send it the same way" fills the fields in place; without a script its button asks the server to. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  event.preventDefault();
  const { fill, ...values } = button.dataset;
  for (const [name, value] of Object.entries(values)) {
    const field = button.form.elements[name];
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

/* A quiet part is put in only if it says something new, so that a screen reader does not say the same again. */
const lastSaid = new WeakMap();
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse } = event.detail;
  if (!target.matches("[data-quiet]")) return;
  if (lastSaid.get(target) === serverResponse) event.detail.shouldSwap = false;
  lastSaid.set(target, serverResponse);
});

/* The link that skips the navigation leaves no fragment in the address: it would come along when a form is sent, and
   take the reader past what the answer says. */
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#main").focus();
});

/* The menu of a telephone closes like any other: by Escape, or by what is touched beside it. */
const menu = document.querySelector(".menu-button");
document.addEventListener("click", (event) => {
  if (menu?.open && !event.target.closest(".menu-button, .menu")) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.firstElementChild.focus();
});

/* A picture that does not fit is scrolled to its middle, where what it is about stands. */
for (const box of document.querySelectorAll(".picture .scrolls")) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
/* Shortcuts: only outside fields, and only unless they are turned off in this browser. Their list is the dialog. */
const shortcuts = document.querySelector("#shortcuts");
const TYPING = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable], dialog";

function remembered(value) {
  try {
    if (value) localStorage.setItem("shortcuts", value);
    return localStorage.getItem("shortcuts");
  } catch {
    return value; // a browser that remembers nothing
  }
}

/* To the next or the previous proposal of the inbox, where the page is of one; else along the rows of its list. */
function move(step) {
  const link = document.querySelector(`main [data-queue] [rel=${step > 0 ? "next" : "prev"}]`);
  if (link) link.click();
  else moveRow(step);
}

const STOPS = "a, button.link"; // where the focus can stand in a row

function moveRow(step) {
  const rows = [...document.querySelectorAll("main .list tbody tr")].filter((row) => row.querySelector(STOPS));
  const place = rows.indexOf(document.activeElement.closest("tr"));
  const row = rows[place < 0 ? (step > 0 ? 0 : rows.length - 1) : place + step];
  (row?.querySelector(`.lead :is(${STOPS})`) ?? row?.querySelector(STOPS))?.focus();
}

function press(keys) {
  const named = shortcuts.querySelector(`[data-keys="${CSS.escape(keys)}"]`);
  const pressed = named?.dataset.press ? [...document.querySelectorAll(named.dataset.press)] : [named];
  // A link is followed wherever it is; into a field that a telephone has no room for nobody can write.
  const target = pressed.find((element) => !element?.matches("input") || element.offsetParent) ?? null;
  if (target?.matches("input")) {
    target.focus();
    target.select();
  } else if (target) target.click();
  else if (named?.href) named.click();
  else if (named && "decides" in named.dataset) sayNothingIsDecided();
  return Boolean(named);
}

/* After a decision its page stays, and the keys that decided have nothing there: silence would look like a fault. */
function sayNothingIsDecided() {
  const status = document.querySelector("main [data-nothing]");
  if (status) status.textContent = status.dataset.nothing;
}

function listen() {
  let first = "";
  const own = {
    "?": () => shortcuts.showModal(),
    j: () => move(1),
    k: () => move(-1),
    x: () => document.activeElement.closest("tr")?.querySelector("[type=checkbox]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.key === "Shift") return;
    if (remembered() === "off" || event.target.closest(TYPING)) return;
    const keys = first ? `${first} ${event.key}` : event.key;
    first = keys === "g" ? "g" : "";
    if (keys in own) own[keys]();
    else if (!press(keys)) return;
    event.preventDefault();
  });
  const on = shortcuts.querySelector("[data-shortcuts-on]");
  on.checked = remembered() !== "off";
  on.addEventListener("change", () => remembered(on.checked ? "on" : "off"));
  document.querySelector("[data-shortcuts]").addEventListener("click", () => shortcuts.showModal());
}

if (shortcuts) listen();
