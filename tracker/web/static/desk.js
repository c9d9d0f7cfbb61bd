// Keys and marking without leaving the page. Everything works without this file, one page load more at a time.
"use strict";
(() => {
  const root = document.documentElement;
  const items = () => [...document.querySelectorAll("[data-item]")];
  const dialog = document.getElementById("keys");
  const box = document.getElementById("keys-on");
  const said = document.getElementById("said");
  let at = -1;
  let quiet = 0;
  let undoLast = null;
  root.classList.add("js");

  const kept = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch {
      // no storage: keys are on for this page
    }
    return null;
  };
  box.checked = kept("keys") !== "off";
  box.addEventListener("change", () => kept("keys", box.checked ? "on" : "off"));
  document.getElementById("keys-open").addEventListener("click", () => dialog.showModal());
  document.getElementById("keys-close").addEventListener("click", () => dialog.close());

  const say = (text) => {
    said.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { said.textContent = ""; }, 6000);
  };

  const go = (step) => {
    const all = items();
    if (!all.length) return;
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at].focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  };

  const current = () => {
    const all = items();
    const focused = all.findIndex((item) => item.contains(document.activeElement));
    if (focused >= 0) at = focused;
    return all[at] || (all.length === 1 ? all[0] : null);
  };

  const press = (verdict) => {
    const item = current();
    const button = item && item.querySelector(`.triage button[value="${verdict}"]`);
    if (!button) return false;
    button.click();
    return true;
  };

  const send = async (address, data) => {
    const answer = await fetch(address, {
      method: "POST", body: new URLSearchParams(data), headers: { Accept: "application/json" }, redirect: "error",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  // What was marked can be taken back where it was marked.
  const offerUndo = (form, made) => {
    const button = form.querySelector(".undo-last") || document.createElement("button");
    button.type = "button";
    button.className = "plain undo-last";
    button.textContent = "Undo";
    form.append(button);
    undoLast = button.onclick = async () => {
      try {
        await send(form.action.replace(/decide$/, "undo"), { token: new FormData(form).get("token"), id: made.id });
        for (const other of form.querySelectorAll("button[name]")) other.removeAttribute("aria-pressed");
        button.remove();
        undoLast = null;
        say("Undone");
      } catch (error) {
        say("Not undone: the page is too old or the archive is busy. Load it again.");
      }
    };
  };

  // Marks are sent in the background; the page's form is the way when that fails.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.classList.contains("triage") || !button) return;
    event.preventDefault();
    const data = new FormData(form);
    data.set(button.name, button.value);
    try {
      const made = await send(form.action, data);
      for (const other of form.querySelectorAll("button[name]")) other.setAttribute("aria-pressed", String(other === button));
      offerUndo(form, made);
      say(`Marked: ${button.textContent.toLowerCase()}`);
    } catch (error) {
      say("Not marked: the page is too old or the archive is busy. Load it again.");
    }
  });

  const actions = {
    j: () => go(1),
    k: () => go(-1),
    o: () => {
      const item = current();
      const link = item && item.querySelector("a.open");
      if (link) link.click();
    },
    x: () => { if (press("read")) go(1); },
    i: () => press("important"),
    n: () => press("not_relevant"),
    u: () => { if (undoLast) undoLast(); },
    "/": () => (document.getElementById("q") || document.getElementById("quick-q")).focus(),
    "?": () => dialog.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      root.classList.add("no-tips");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || !box.checked) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    current();
    action();
  });
  // An explanation closed with Escape may show again at the next place.
  for (const kind of ["focusin", "pointerover"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.closest && event.target.closest(".m")) root.classList.remove("no-tips");
    });
  }
})();
