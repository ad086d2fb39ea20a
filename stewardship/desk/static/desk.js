// The desk's keys, and turning a case over without loading the page anew. Everything here is also a plain form or a link:
// without JavaScript the desk works the same, a page at a time.
"use strict";

(() => {
  const buttons = { y: "#verdict .same", n: "#verdict .different", u: "#verdict .unsure", z: "#undo button" };
  const links = { j: "a[rel=next]", k: "a[rel=prev]" };
  let busy = false;

  const find = (selector) => document.querySelector(selector);

  const typing = (event) =>
    event.isComposing ||
    event.keyCode === 229 || // an input method that does not say so
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.target.closest("input:not([type=hidden]), textarea, select, [contenteditable]") !== null ||
    find("dialog[open]") !== null;

  // The middle of a page in place of the middle of this one.
  function turn(text, address) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const middle = page.querySelector("main");
    if (middle === null) {
      location.assign(find("a.home").href);
      return;
    }
    find("main").replaceWith(middle);
    document.title = middle.dataset.title || document.title;
    if (address !== location.href) {
      history.pushState(null, "", address);
    }
    window.scrollTo(0, 0);
    const told = middle.querySelector("[role=alert]");
    (told || middle).setAttribute("tabindex", "-1");
    (told || middle).focus({ preventScroll: true });
    read_out(middle);
    settle();
  }

  // For a screen reader: what was done, and what is asked next. An alert has the focus, and is read for that.
  function read_out(middle) {
    const said = middle.querySelectorAll("[role=status], h1");
    find("#heard").textContent = [...said].reverse().map((one) => one.textContent.trim().replace(/\s+/g, " ")).join(" — ");
  }

  async function go(address, options) {
    if (busy) {
      return;
    }
    busy = true;
    document.body.classList.add("busy");
    try {
      const answer = await fetch(address, { ...options, headers: { "X-Part": "1" }, credentials: "same-origin" });
      // What was refused stays at the address of its case, so that loading it again shows the case.
      const shown = new URL(answer.headers.get("X-Address") ?? answer.url, location.href).href;
      turn(await answer.text(), answer.ok ? shown : location.href);
    } catch {
      location.reload(); // the desk does not answer: the browser says so better than we could
    } finally {
      busy = false;
      document.body.classList.remove("busy");
    }
  }

  function submit(form, button) {
    const said = new URLSearchParams(new FormData(form));
    if (button !== null && button.name) {
      said.set(button.name, button.value);
    }
    void go(form.action, { method: "POST", body: said });
  }

  async function work_out(part) {
    const room = part.querySelector(".reach");
    if (part.dataset.done) {
      return;
    }
    part.dataset.done = "1";
    room.classList.add("waiting");
    const answer = await fetch(part.dataset.look, { headers: { "X-Part": "1" }, credentials: "same-origin" });
    const middle = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    room.classList.remove("waiting");
    room.replaceChildren(...(middle === null ? [] : middle.childNodes));
  }

  // Who may be meant by what is being typed, a moment after it was.
  let typed = 0;
  async function look_alike(form) {
    const room = find("#alike");
    const said = new URLSearchParams(new FormData(form));
    const turn_of_it = ++typed;
    const answer = await fetch(form.dataset.alike, { method: "POST", body: said, headers: { "X-Part": "1" }, credentials: "same-origin" });
    const middle = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (answer.ok && middle !== null && turn_of_it === typed) {
      room.replaceChildren(...middle.childNodes);
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-compared]")) {
      void look_alike(event.target.form);
    }
  });

  // A part of a page that changes while nobody does anything, for five minutes at most: then looking on is up to a person, and a
  // session may end.
  const WATCH = { every: 2000, times: 150 };
  async function watch(part, left) {
    if (!part.isConnected || left === 0) {
      return;
    }
    const answer = await fetch(part.dataset.watch, { headers: { "X-Part": "1" }, credentials: "same-origin" });
    const middle = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const fresh = middle?.querySelector(".sheet-part");
    if (answer.ok && fresh && fresh.textContent !== part.textContent) {
      part.replaceChildren(...fresh.childNodes);
      find("#heard").textContent = part.querySelector("[data-heard]").textContent;
    }
    if (answer.ok && fresh?.dataset.watch) {
      setTimeout(() => void watch(part, left - 1), WATCH.every);
    }
  }

  // What each new middle needs.
  function settle() {
    const changing = find("[data-watch]");
    if (changing !== null) {
      setTimeout(() => void watch(changing, WATCH.times), WATCH.every);
    }
    for (const part of document.querySelectorAll("details[data-look]")) {
      part.addEventListener("toggle", () => part.open && void work_out(part));
    }
    for (const box of document.querySelectorAll("[data-all]")) {
      box.hidden = false;
    }
    for (const back of document.querySelectorAll("[data-back]")) {
      back.value = location.pathname + location.search;
    }
  }

  function fold(selector) {
    const part = find(selector);
    if (part !== null) {
      part.open = !part.open;
      part.querySelector("summary").focus();
    }
  }

  function values() {
    const form = find("form[data-values]");
    if (form === null) {
      return;
    }
    const why = form.querySelector("#why");
    if (why === null) {
      form.requestSubmit();
    } else {
      why.focus();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (typing(event)) {
      return;
    }
    const key = event.key.toLowerCase();
    if (key in buttons) {
      const button = find(buttons[key]);
      if (button !== null && !button.disabled && !event.repeat) {
        event.preventDefault();
        button.form.requestSubmit(button);
      }
    } else if (key in links) {
      const link = find(links[key]);
      if (link !== null) {
        event.preventDefault();
        void go(link.href);
      }
    } else if (key === "e") {
      fold("#reach");
    } else if (key === "l") {
      fold("#homes");
    } else if (key === "g") {
      fold("#links");
    } else if (key === "h") {
      fold("#history");
    } else if (key === "v") {
      event.preventDefault();
      values();
    } else if (key === "/") {
      event.preventDefault();
      find("#asked")?.focus();
    } else if (key === "?") {
      find("#help")?.showModal();
    }
  });

  document.addEventListener("change", (event) => {
    const head = event.target.dataset.all;
    if (head !== undefined) {
      for (const box of document.querySelectorAll(`input[type=checkbox][name^="${head}"]`)) {
        box.checked = event.target.checked;
      }
    }
  });

  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-part]")) {
      event.preventDefault();
      submit(event.target, event.submitter);
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[rel=next], a[rel=prev]");
    if (link !== null && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      void go(link.href);
    } else if (event.target.closest("[data-help]") !== null) {
      find("#help").showModal();
    }
  });

  window.addEventListener("popstate", () => location.reload());

  const help = find("[data-help]");
  if (help !== null) {
    help.hidden = false;
  }
  settle();
})();
