/* What both pages need: asking the server again and again, telling when it does not answer, light and dark. */
"use strict";
const lithostat = (() => {
  const byId = (id) => document.getElementById(id);
  const MARKS = { good: "●", bad: "✖", doubtful: "▲", "": "○" };

  /* An element with its text; text from files is never taken for markup. */
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined && text !== null) element.textContent = text;
    return element;
  }

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  let lostSince = null;
  function banner(state) {
    const element = byId("banner");
    let text = state && state.banner ? state.banner : "";
    if (lostSince) text = `No answer from the server since ${lostSince.toLocaleTimeString()}. What is shown is from then; trying again.`;
    element.hidden = !text;
    setText(element, text);
    document.body.classList.toggle("lost", Boolean(lostSince));
    const badge = byId("badge");
    const said = state && state.replay ? state.replay.text : state && state.live ? "live" : "";
    badge.hidden = !said;
    setText(badge, said);
  }

  /* Ask for JSON or bytes; null where the server does not answer. */
  async function ask(address, kind, signal) {
    try {
      const response = await fetch(address, { signal, credentials: "same-origin", cache: "no-store" });
      lostSince = null;
      if (response.status === 403) {
        lostSince = new Date();
        return null;
      }
      if (!response.ok) return null;
      return kind === "json" ? await response.json() : kind === "text" ? await response.text() : await response.arrayBuffer();
    } catch (error) {
      if (error.name !== "AbortError") lostSince = lostSince || new Date();
      return null;
    }
  }

  /* Call `turn` every `seconds`, one at a time, and not while nobody looks. */
  function every(seconds, turn) {
    let timer = null;
    async function go() {
      clearTimeout(timer);
      if (!document.hidden) await turn();
      timer = setTimeout(go, 1000 * seconds());
    }
    document.addEventListener("visibilitychange", () => { if (!document.hidden) go(); });
    timer = setTimeout(go, 1000 * seconds());
  }

  /* Columns, traces and their values, as the server packs them. */
  function unpack(buffer) {
    const [columns, traces, whole] = new Uint32Array(buffer, 0, 3);
    const time = new Float64Array(buffer, 16, columns);
    const rows = (offset) => Array.from({ length: traces }, (_, k) => new Float32Array(buffer, offset + 4 * columns * k, columns));
    const low = rows(16 + 8 * columns);
    return { time, low, high: whole ? low : rows(16 + 8 * columns + 4 * columns * traces), whole: Boolean(whole) };
  }

  function numbersInto(list, numbers) {
    list.replaceChildren(...numbers.map((number) => {
      const entry = make("div", "number");
      entry.append(make("dt", "", number.label), make("dd", number.tone, number.value));
      return entry;
    }));
  }

  function theme() {
    const root = document.documentElement;
    let kept = null;
    try { kept = localStorage.getItem("lithostat-theme"); } catch { /* not allowed to keep it */ }
    if (kept) root.dataset.theme = kept;
    byId("theme").addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("lithostat-theme", root.dataset.theme); } catch { /* as above */ }
      document.dispatchEvent(new Event("themed"));
    });
  }

  theme();
  return { byId, make, setText, banner, ask, every, unpack, numbersInto, MARKS, state: JSON.parse(byId("state").textContent) };
})();
