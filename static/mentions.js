/* Who is meant by an @: while one types it, a list of people under the text. Arrows move, Enter or Tab takes, Escape
   closes. Without this file one writes the name or the mail address, which the server understands as well. */
"use strict";

const BEFORE_CURSOR = /(?:^|[^\w@.+-])@([^\s@][^@\n]{0,60})?$/u;
const PAUSE = 150; // milliseconds without a key, before it asks

/* A textarea stays what it is for a screen reader, a text field of several lines, and names the list it controls: the
   role of a combobox is for a single line. */
function mentions(field, place) {
  const box = Object.assign(document.createElement("div"), { className: "picker mentions" });
  const list = Object.assign(document.createElement("ul"), { className: "offers", id: `mentions_${place}`, hidden: true });
  const status = Object.assign(document.createElement("p"), { className: "sr" });
  let active = null;
  let dismissed = -1; // where an @ stands whose list was closed, or from which somebody was taken
  let asked = 0;
  let timer = 0;

  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People");
  status.setAttribute("role", "status");
  field.before(box);
  box.append(field, list, status);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");
  field.setAttribute("aria-controls", list.id);

  const activate = (offer) => {
    active?.setAttribute("aria-selected", "false");
    active = offer;
    active?.setAttribute("aria-selected", "true");
    active?.scrollIntoView({ block: "nearest" });
    if (active) field.setAttribute("aria-activedescendant", active.id);
    else field.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    asked += 1; // an answer that is on its way comes too late
    clearTimeout(timer);
    activate(null);
    list.hidden = true;
    status.textContent = "";
  };
  const typed = () => {
    if (field.selectionStart !== field.selectionEnd) return null;
    const match = BEFORE_CURSOR.exec(field.value.slice(0, field.selectionStart));
    const words = match?.[1] ?? "";
    return match && { start: field.selectionStart - words.length, words };
  };
  const take = (offer) => {
    const { start } = typed() ?? { start: field.selectionStart };
    dismissed = start;
    field.setRangeText(`${offer.dataset.mention} `, start, field.selectionStart, "end");
    close();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const move = (step) => {
    const all = [...list.children];
    activate(all.at(((active ? all.indexOf(active) : step > 0 ? -1 : 0) + step) % all.length));
  };

  async function ask(words) {
    asked += 1;
    const own = asked;
    let offers;
    try {
      const answer = await fetch(`${field.dataset.mentions}?mention=${encodeURIComponent(words)}`);
      offers = answer.ok && !answer.redirected ? await answer.text() : "";
    } catch {
      return; // no connection: one writes the name
    }
    if (own !== asked) return;
    list.innerHTML = offers;
    const all = [...list.children];
    all.forEach((offer, number) => (offer.id = `${list.id}_${number}`));
    list.hidden = !all.length;
    activate(words && all.length ? all[0] : null);
    status.textContent = all.length ? `${all.length} people. Choose with the arrow keys, take with Enter.` : "";
  }

  field.addEventListener("input", (event) => {
    const now = typed();
    if (now && !now.words) dismissed = -1;
    if (!now || now.start === dismissed || event.isComposing) return close();
    clearTimeout(timer);
    timer = setTimeout(() => ask(now.words), PAUSE);
  });
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => active && take(active),
    Tab: () => active && take(active),
    Escape: () => {
      dismissed = typed()?.start ?? -1;
      close();
    },
  };
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const chooses = event.key in keys && (active || !["Enter", "Tab"].includes(event.key));
    if (!chooses) return;
    event.preventDefault();
    keys[event.key]();
  });
  field.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const offer = event.target.closest("[role=option]");
    if (offer) take(offer);
  });
}

document.querySelectorAll("[data-mentions]").forEach(mentions);
