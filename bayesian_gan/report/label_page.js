"use strict";
// Labels pictures. All texts go into the page as text, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const classes = data.classes.slice();
  const labels = new Map(); // Of each card that has one: its class.
  const past = []; // What to go back to.
  let here = 0;
  let unsaved = false;
  const of = (id) => document.getElementById(id);

  function make(tag, name, text, parent) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  }

  function named(tag, name, text, parent) {
    const element = make(tag, `name ${name}`, text, parent);
    element.dir = "auto";
    element.title = text.slice(0, 500);
    return element;
  }

  function picture(source, about, name, parent) {
    const image = make("img", name, undefined, parent);
    image.onload = () => image.classList.toggle("small", image.naturalWidth < 100);
    image.src = source;
    image.alt = about.slice(0, 200);
  }

  // ------------------------------------------------------------------------------- cards

  const cards = data.cards.map((card, k) => {
    const item = make("li", "card", undefined, of("cards"));
    item.tabIndex = -1;
    item.addEventListener("click", () => go(k));
    picture(card.image, `picture ${k + 1}`, "picture", item);
    const about = make("div", "about", undefined, item);
    const is = named("p", "is cut", "", about);
    if (card.guess !== "") {
      const guess = make("p", "", "The guess is ", about);
      named("b", "", card.guess, guess);
      guess.append(`, ${Math.round(100 * card.probability)}%`);
      make("i", "", undefined, make("div", "bar", undefined, about)).style.width = `${100 * card.probability}%`;
    }
    make("p", "soft", card.why, about);
    if (card.neighbours.length) {
      const alike = make("div", "alike", undefined, item);
      make("div", "title soft", "Most alike with a label", alike);
      for (const each of card.neighbours) {
        const figure = make("figure", "", undefined, alike);
        picture(data.pictures[each], data.labels[each], "", figure);
        named("figcaption", "cut", data.labels[each], figure);
      }
    }
    named("p", "path cut", card.path, item);
    return { item, is };
  });

  // ------------------------------------------------------------------------------- classes

  // A class that is called by a digit has that key; the others have what is left, in order.
  function keysOf() {
    const keys = new Map();
    for (const name of classes) if (/^[0-9]$/.test(name)) keys.set(name, name);
    const taken = new Set(keys.values());
    const free = [..."1234567890"].filter((key) => !taken.has(key));
    for (const name of classes) if (!keys.has(name) && free.length) keys.set(name, free.shift());
    return keys;
  }

  const same = (a, b) => a.toLowerCase() === b.toLowerCase();

  function matches() {
    const wanted = of("find").value.trim().toLowerCase();
    return classes.filter((name) => name.toLowerCase().includes(wanted));
  }

  function showClasses() {
    const keys = keysOf();
    const wanted = of("find").value.trim();
    of("classes").replaceChildren();
    for (const name of matches()) {
      const button = make("button", labels.get(here) === name ? "chosen" : "", undefined, of("classes"));
      button.type = "button";
      if (keys.has(name) && keys.get(name) !== name) make("kbd", "", keys.get(name), button);
      named("span", "", name, button);
      button.addEventListener("click", () => label(name));
    }
    of("add").hidden = wanted === "" || classes.some((name) => same(name, wanted));
    of("add").textContent = `Add \u2068${wanted}\u2069`;
  }

  // ------------------------------------------------------------------------------- labelling

  function show() {
    cards.forEach(({ item, is }, k) => {
      const name = labels.get(k);
      item.classList.toggle("done", name !== undefined);
      item.classList.toggle("here", k === here);
      item.setAttribute("aria-current", String(k === here));
      is.textContent = name === undefined ? "not labelled" : name;
      is.title = is.textContent.slice(0, 500);
    });
    const all = labels.size === cards.length;
    of("said").textContent = `${labels.size} of ${cards.length} labelled${all ? ": download labels.csv" : ""}`;
    of("progress").max = cards.length;
    of("progress").value = labels.size;
    of("undo").disabled = !past.length;
    of("download").disabled = !labels.size;
    showClasses();
  }

  function go(k) {
    here = Math.max(0, Math.min(cards.length - 1, k));
    show();
    cards[here].item.scrollIntoView({ block: "nearest" });
  }

  // The next card without a label, after this one and then from the start; this one if there is none.
  function next() {
    for (let step = 1; step < cards.length; step += 1) {
      const k = (here + step) % cards.length;
      if (!labels.has(k)) return k;
    }
    return here;
  }

  function change(name) {
    past.push([here, labels.get(here)]);
    put(here, name);
  }

  function put(k, name) {
    if (name === undefined) labels.delete(k);
    else labels.set(k, name);
    unsaved = labels.size > 0;
    remember();
  }

  function label(name) {
    of("find").value = "";
    change(name);
    go(next());
  }

  function undo() {
    const last = past.pop();
    if (!last) return;
    put(...last);
    go(last[0]);
  }

  function find(anew) {
    const wanted = of("find").value.trim();
    if (wanted === "") return;
    const found = matches();
    const exact = classes.find((name) => same(name, wanted));
    let name = exact === undefined ? found[0] : exact;
    if (name === undefined || (anew && exact === undefined)) {
      name = wanted;
      classes.push(name);
    }
    label(name);
    of("find").blur();
  }

  // A page that is opened again goes on, where the browser keeps what it is told.
  function remember() {
    try {
      localStorage.setItem(data.id, JSON.stringify([...labels]));
    } catch { /* It keeps nothing: the page works all the same. */ }
  }

  function recall() {
    try {
      for (const [k, name] of JSON.parse(localStorage.getItem(data.id) || "[]")) {
        if (!(k in cards) || typeof name !== "string") continue;
        if (!classes.includes(name)) classes.push(name);
        labels.set(k, name);
      }
    } catch { /* As above. */ }
  }

  // ------------------------------------------------------------------------------- labels.csv

  // Spreadsheet programs run cells that begin so; bayesian_gan.data.spreadsheets takes the mark off.
  const cell = (text) => `"${(/^[=+\-@\t\r\n＝＋－＠']/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

  function table() {
    const added = [...labels].sort(([a], [b]) => a - b).map(([k, name]) => [data.cards[k].path, name, ""]);
    const rows = [...data.known, ...added].map((row) => row.map(cell).join(","));
    return `${["path,label,split", ...rows].join("\r\n")}\r\n`;
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv;charset=utf-8" }));
    link.download = "labels.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    unsaved = false;
    of("said").textContent = `labels.csv: ${labels.size} new labels and ${data.known.length} that were there`;
  }

  // ------------------------------------------------------------------------------- keys

  function typed(event) {
    if (event.key === "Escape") {
      of("find").value = "";
      of("find").blur();
      showClasses();
    } else if (event.key === "Enter") {
      event.preventDefault();
      find(false);
    }
  }

  function pressed(event) {
    if (event.target === of("find")) return typed(event);
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z") {
      event.preventDefault();
      return undo();
    }
    if (command || event.altKey) return undefined;
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const name = [...keysOf()].find(([, key]) => key === event.key);
    if (event.key in moves) go(here + moves[event.key]);
    else if (name) label(name[0]);
    else if (event.key === "s") go(next());
    else if (event.key === "u") undo();
    else if (event.key === "/") of("find").focus();
    else if (event.key === "Backspace" || event.key === "Delete") {
      if (labels.has(here)) change(undefined);
      show();
    } else return undefined;
    event.preventDefault();
    return undefined;
  }

  document.addEventListener("keydown", pressed);
  // What was clicked does not keep the keys.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) button.blur();
  });
  of("undo").addEventListener("click", undo);
  of("skip").addEventListener("click", () => go(next()));
  of("add").addEventListener("click", () => find(true));
  of("find").addEventListener("input", showClasses);
  of("download").addEventListener("click", download);
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
  if (classes.length > 10) of("find").placeholder = "find or add a class\u2026";
  recall();
  here = labels.size < cards.length && labels.has(0) ? next() : 0;
  show();
})();
