/* What is typed is kept in this browser until it has arrived, per form, object and person, and comes back with a bar
   that says so. A draft saves itself. Every form works without this file.

   A form names its object in data-kept; the body names the person. */
"use strict";

const DAYS_KEPT = 14;
const MOST_KEPT = 200_000; // letters in all; the oldest go first
// Other ones in every copy of a page, or what a button does, or what only a filter shows.
const NOT_TYPED = ["csrfmiddlewaretoken", "form_key", "read_version", "submit", "draft", "keep", "show", "like", "next", "verb"];

const [store, tabStore] = ["localStorage", "sessionStorage"].map((name) => {
  try {
    return window[name];
  } catch {
    return null; // a browser that keeps nothing
  }
});
const reader = document.body.dataset.person;
const isFresh = "fresh" in document.body.dataset; // or else the page is the answer to a form

const same = (one, other) => JSON.stringify(one ?? []) === JSON.stringify(other ?? []);
const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const moment = (at) =>
  new Date(at).toDateString() === new Date().toDateString()
    ? clock(at)
    : `${new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${clock(at)}`;

function readKept() {
  try {
    return JSON.parse(store.getItem("kept")) ?? {};
  } catch {
    return {};
  }
}

function writeKept(kept) {
  const newest = Object.entries(kept).sort((one, other) => other[1].at - one[1].at);
  while (JSON.stringify(newest).length > MOST_KEPT) newest.pop();
  try {
    store.setItem("kept", JSON.stringify(Object.fromEntries(newest)));
  } catch {
    store.removeItem("kept"); // no room: better nothing than something old
  }
}

function forget(key) {
  const kept = readKept();
  delete kept[key];
  writeKept(kept);
}

/* name -> its values, of what somebody can type or choose. */
function valuesOf(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string" || NOT_TYPED.includes(name)) continue;
    (values[name] ??= []).push(value);
  }
  return values;
}

const fieldsOf = (form, name) => [...form.elements].filter((field) => field.name === name && field.type !== "password");

/* As the form says it to a reader: the words of a choice, not its value. */
function inWords(form, name, values) {
  return (values ?? [])
    .filter(Boolean)
    .map((value) => {
      for (const field of fieldsOf(form, name)) {
        const option = field.options && [...field.options].find((each) => each.value === value);
        if (option) return option.textContent.trim();
        if (isTicked(field) && field.value === value)
          return (field.labels?.[0]?.textContent ?? value).trim().replace(/\s+/g, " ");
      }
      return value;
    })
    .join(", ");
}

const isTicked = (field) => ["checkbox", "radio"].includes(field.type);

/* What listens to a field (htmx, the chooser of data types) is told of it, unless `tell` is false. */
function setValues(form, name, values, tell = true) {
  for (const field of fieldsOf(form, name)) {
    const [property, value] = isTicked(field) ? ["checked", values.includes(field.value)] : ["value", values[0] ?? ""];
    if (field[property] === value) continue;
    field[property] = value;
    reveal(field);
    if (tell) field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

/* What is restored, or stands beside it, is in sight. */
const reveal = (field) => field.closest("details")?.setAttribute("open", "");

function note(form, name, text, button) {
  const field = fieldsOf(form, name).find((each) => each.type !== "hidden");
  const place = field?.closest(".field") ?? field?.closest("fieldset") ?? field?.parentElement;
  if (!place) return;
  const line = Object.assign(document.createElement("p"), { className: "help restored-note", textContent: text });
  if (button) line.append(" ", button);
  place.append(line);
  reveal(place);
}

function linkButton(text, act) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: text });
  button.addEventListener("click", act);
  return button;
}

function restore(form, entry, shown) {
  const restored = {};
  for (const name of new Set([...Object.keys(entry.values), ...Object.keys(entry.began)])) {
    const [typed, began, now] = [entry.values[name] ?? [], entry.began[name] ?? [], shown[name] ?? []];
    if (same(typed, began) || same(typed, now)) continue;
    if (same(began, now)) {
      restored[name] = typed;
      continue;
    }
    // Changed meanwhile by somebody else: what is there stays, and what was typed can be taken.
    const take = linkButton("Use what you typed", () => {
      setValues(form, name, typed);
      take.parentElement.remove();
    });
    note(form, name, `Changed meanwhile. You had typed: ${inWords(form, name, typed) || "nothing"}.`, take);
  }
  for (const [name, typed] of Object.entries(restored)) {
    const before = inWords(form, name, shown[name]);
    setValues(form, name, typed);
    if (before) note(form, name, `Before: ${before}.`);
  }
  // What depends on a field that has just been filled in comes from the server a little later.
  const again = () => Object.entries(restored).forEach(([name, typed]) => setValues(form, name, typed, false));
  document.addEventListener("htmx:afterSettle", again);
  const stop = () => document.removeEventListener("htmx:afterSettle", again);
  setTimeout(stop, 5000);
  form.addEventListener("input", (event) => event.isTrusted && stop());

  const bar = Object.assign(document.createElement("p"), { className: "message restored", textContent: `Restored from ${moment(entry.at)} · ` });
  bar.setAttribute("role", "status");
  bar.append(
    linkButton("Discard", () => {
      form.dispatchEvent(new Event("forget"));
      location.assign(location.pathname + location.search);
    }),
  );
  form.prepend(bar);
}

function keep(form) {
  const key = `${reader} ${form.dataset.kept}`;
  const shown = valuesOf(form);
  const entry = readKept()[key];
  let arrived = isFresh ? shown : (entry?.began ?? {}); // what the server has
  let isForgotten = false;
  let timer = 0; // runs while something typed is not kept yet

  if (entry && isFresh) restore(form, entry, shown);

  const remember = () => {
    clearTimeout(timer);
    timer = 0;
    if (isForgotten) return;
    const values = valuesOf(form);
    if (same(values, arrived)) return forget(key);
    const kept = readKept();
    const began = kept[key]?.began ?? arrived;
    if (!same(kept[key]?.values, values)) writeKept({ ...kept, [key]: { person: reader, at: Date.now(), began, values } });
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(remember, 300);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  // Only what was typed here: the same form, untouched in another tab, must not forget what this one keeps.
  const rememberTyped = () => timer && remember();
  form.addEventListener("submit", () => {
    rememberTyped();
    tabStore?.setItem("sent", key);
  });
  form.addEventListener("forget", () => {
    clearTimeout(timer);
    forget(key);
    isForgotten = true;
  });
  form.addEventListener("click", (event) => event.target.closest("[data-forget]") && form.dispatchEvent(new Event("forget")));
  addEventListener("pagehide", rememberTyped);
  if ("autosave" in form.dataset) saveByItself(form, () => ((arrived = valuesOf(form)), forget(key)), () => isForgotten);
}

const BETWEEN_SAVES = 5000; // milliseconds: each is a row of the history
function saveByItself(form, arrived, isOver) {
  const status = form.querySelector("[data-saved]");
  const leave = form.querySelector("[data-forget]");
  let saved = JSON.stringify(valuesOf(form)); // with what was restored: it may still be discarded
  let timer = 0;
  let isStopped = false;
  let saving = null; // the save that is on its way

  async function save() {
    const sent = JSON.stringify(valuesOf(form));
    if (isStopped || isOver() || sent === saved) return;
    const body = new FormData(form);
    body.set("draft", "1");
    body.set("keep", "1");
    let answer;
    try {
      answer = await fetch(location.href, { method: "POST", body, credentials: "same-origin" });
    } catch {
      status.textContent = "Not saved: no connection. What you typed is kept in this browser.";
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const copy = page.querySelector("form[data-autosave]");
    if (answer.ok && answer.redirected && copy) {
      saved = sent;
      for (const name of ["read_version", "form_key", "csrfmiddlewaretoken"]) {
        if (form.elements[name] && copy.elements[name]) form.elements[name].value = copy.elements[name].value;
      }
      if (JSON.stringify(valuesOf(form)) === saved) arrived();
      form.querySelector(".message.restored")?.remove();
      status.textContent = `Saved ${clock(Date.now())}`;
      leave.textContent = "Close";
    } else if (answer.status === 400 && !page.querySelector("[data-newer]")) {
      status.textContent = "Not saved yet: something above cannot be read.";
    } else {
      isStopped = true;
      status.textContent =
        answer.redirected && answer.url.includes("/sign-in/")
          ? "Not saved: you are no longer signed in. What you typed is kept in this browser."
          : "Not saved: this draft has changed elsewhere. What you typed is kept in this browser; save to see what changed.";
    }
  }
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (saving = save().finally(() => (saving = null))), BETWEEN_SAVES);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", (event) => {
    isStopped = true;
    clearTimeout(timer);
    if (!saving) return;
    // Both at once would look like two people: the button waits for the version that the save makes.
    event.preventDefault();
    saving.then(() => form.requestSubmit(event.submitter));
  });
}

function begin() {
  if (!store || !reader) return;
  const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
  const kept = readKept();
  const sent = tabStore?.getItem("sent");
  tabStore?.removeItem("sent");
  if (sent && document.querySelector(".message.success, [data-done]")) delete kept[sent];
  const own = Object.entries(kept).filter(([, entry]) => entry.person === reader && entry.at > oldest);
  writeKept(Object.fromEntries(own)); // nothing of whoever used this browser before
  document.querySelector("[data-sign-out]")?.addEventListener("submit", () => {
    document.querySelectorAll("[data-kept]").forEach((form) => form.dispatchEvent(new Event("forget")));
    store.removeItem("kept");
  });
  document.querySelectorAll("form[data-kept]").forEach(keep);
}
// When htmx listens: it registered before, and a module always runs before this event.
document.addEventListener("DOMContentLoaded", begin);
