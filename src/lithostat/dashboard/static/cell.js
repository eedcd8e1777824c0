/* One cell: its call, its traces at any zoom, what happened to it, and the rest of its report. */
"use strict";
(() => {
  const { byId, make, setText, banner, ask, every, unpack, numbersInto, MARKS } = lithostat;
  const base = location.pathname.replace(/[^/]*$/, "");
  let state = lithostat.state;
  let charts = [];
  let data = null;
  let view = null; // {start, end}: what is shown; null before anything is
  let follow = Boolean(state.replay || state.live);
  let whole = true; // the view is all there is, and grows with it
  let asking = null;
  let bodyVersion = state.version;

  const UNITS = [[86400 * 3, 3600, "h"], [7200, 3600, "h"], [120, 60, "min"], [0.2, 1, "s"], [0, 1e-3, "ms"]];
  const unitOf = (span) => UNITS.find(([least]) => span >= least) || UNITS[UNITS.length - 1];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const clean = (value, digits) => Number(value.toPrecision(digits)).toString();

  function timeText(seconds, span) {
    const [, unit, name] = unitOf(span);
    const digits = Math.max(0, Math.min(9, 3 - Math.floor(Math.log10(span / unit || 1))));
    return `${(seconds / unit).toFixed(digits)} ${name}`;
  }

  /* ------------------------------------------------------------------------------------------------ head and body */

  function showHead() {
    document.title = state.word ? `${state.word}: ${state.name}` : state.name;
    const head = byId("head");
    head.className = `head ${state.tone || "plain"}`;
    setText(byId("name"), state.name);
    setText(byId("word"), state.word ? `${MARKS[state.tone] ?? "○"} ${state.word}` : state.busy ? "being read" : "");
    setText(byId("answer"), state.answer);
    setText(byId("lead"), [state.lead, state.as_of, state.problem].filter(Boolean).join(", "));
    setText(byId("called"), state.call ? `From its record: ${state.call}` : "");
    const said = JSON.stringify(state.numbers);
    if (byId("numbers").dataset.said !== said) {
      byId("numbers").dataset.said = said;
      numbersInto(byId("numbers"), state.numbers);
    }
    byId("follow").hidden = !(state.replay || state.live);
    byId("follow").setAttribute("aria-pressed", String(follow));
    banner(state);
  }

  function reachable() {
    for (const box of document.querySelectorAll(".report .scroll")) {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls) { box.tabIndex = 0; box.setAttribute("role", "region"); box.setAttribute("aria-label", "Table, wider than the page"); }
      else { box.removeAttribute("tabindex"); box.removeAttribute("role"); box.removeAttribute("aria-label"); }
    }
  }

  async function showBody() {
    if (!state.version || state.version === bodyVersion) return;
    const asked = state.version;
    const text = await ask(`${base}body`, "text");
    if (text === null) return;
    const open = [...document.querySelectorAll("#body details")].map((each) => each.open);
    byId("body").innerHTML = text; /* escaped by the server; the policy of this page runs no script in it */
    document.querySelectorAll("#body img").forEach((image) => { image.src = `${base}${image.getAttribute("src")}?v=${asked}`; });
    document.querySelectorAll("#body details").forEach((each, k) => { each.open = Boolean(open[k]); });
    bodyVersion = asked;
    reachable();
  }

  function showEvents() {
    const marks = state.marks.map((mark) => ({ at: mark.start, end: mark.end, text: mark.label, tone: mark.sure ? "bad" : "doubtful", when: "" }));
    const events = state.events.map((event) => ({ at: event.at_s, end: null, text: event.text, tone: event.tone, when: event.when }));
    const all = [...marks, ...events].sort((one, other) => one.at - other.at);
    const said = JSON.stringify(all);
    const list = byId("events");
    if (list.dataset.said === said) return;
    list.dataset.said = said;
    byId("events-section").hidden = !all.length;
    list.replaceChildren(...all.slice(-200).map((event) => {
      const item = make("li", event.tone);
      const button = make("button", "at", timeText(event.at, Math.max(event.at, 1)));
      button.type = "button";
      button.addEventListener("click", () => {
        const width = Math.max(((state.last_s ?? 1) - (state.first_s ?? 0)) / 50, 20);
        const end = event.end === null ? event.at : event.end;
        move(event.at - width, end + width);
        byId("charts").focus();
      });
      item.append(button, make("span", "", `${event.text}${event.end !== null ? `, until ${timeText(event.end, Math.max(event.end, 1))}` : ""}`), make("span", "small", event.when));
      return item;
    }));
  }

  /* ------------------------------------------------------------------------------------------------------- charts */

  function splits(u, axis, min, max) {
    const [, unit] = unitOf(max - min);
    const wanted = (max - min) / unit / Math.max(2, u.width / 110);
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = unit * power * ([1, 2, 5, 10].find((each) => each * power >= wanted) || 10);
    const found = [];
    for (let k = Math.ceil(min / step); k * step <= max && found.length < 100; k++) found.push(k * step);
    return found;
  }

  function range(panel) {
    return (u, min, max) => {
      if (min === null || max === null) return [0, 1];
      if (panel.label.startsWith("V/I")) {
        const known = Array.from(u.data[2]).filter(Number.isFinite).sort((a, b) => a - b);
        return [0, 1.6 * Math.max(known[Math.floor(0.95 * (known.length - 1))] || 0, 1e-9)];
      }
      const middle = 0.5 * (min + max);
      const least = 0.04 * Math.abs(middle); /* noise should not look like a signal */
      if (max - min < least) return [middle - least, middle + least];
      const room = 0.06 * (max - min) || 1;
      return [min - room, max + room];
    };
  }

  function shade(u) {
    const { left, top, width, height } = u.bbox;
    const at = (seconds) => u.valToPos(seconds, "x", true);
    const pen = u.ctx;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    pen.fillStyle = css("--gap");
    for (const [start, end] of state.gaps) pen.fillRect(at(start), top, at(end) - at(start), height);
    for (const mark of state.marks) {
      const colour = css(mark.sure ? "--bad" : "--doubtful");
      if (mark.end !== null) {
        pen.globalAlpha = 0.1;
        pen.fillStyle = colour;
        pen.fillRect(at(mark.start), top, Math.max(at(mark.end) - at(mark.start), 1), height);
        pen.globalAlpha = 1;
      }
      line(pen, at(mark.start), top, height, colour, mark.sure ? [6, 4] : [2, 3]);
    }
    for (const event of state.events) line(pen, at(event.at_s), top, height, css(event.tone === "bad" ? "--bad" : "--muted"), [1, 3]);
    pen.restore();
  }

  function line(pen, x, top, height, colour, dash) {
    pen.strokeStyle = colour;
    pen.lineWidth = devicePixelRatio || 1;
    pen.setLineDash(dash.map((each) => each * (devicePixelRatio || 1)));
    pen.beginPath();
    pen.moveTo(x, top);
    pen.lineTo(x, top + height);
    pen.stroke();
    pen.setLineDash([]);
  }

  function chart(panel, last, k) {
    const box = make("div", "chart");
    const label = make("div", "label");
    label.append(make("span", "", panel.label), make("b", "read"));
    const plot = make("div", "plot");
    box.append(label, plot);
    byId("charts").append(box);
    const axis = { stroke: () => css("--muted"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const options = {
      width: Math.max(plot.clientWidth, 100),
      height: last ? 168 : 140,
      legend: { show: false },
      cursor: { sync: { key: "cell" }, drag: { x: true, y: false, setScale: false }, points: { size: 6 }, y: false },
      scales: { x: { time: false, range: () => (view ? [view.start, view.end > view.start ? view.end : view.start + 1] : [0, 1]) }, y: { range: range(panel) } },
      axes: [
        { ...axis, size: last ? 34 : 8, splits, values: (u, at) => (last ? at.map((each) => clean(each / unitOf(view.end - view.start)[1], 12)) : at.map(() => "")) },
        { ...axis, size: 58, space: 28 },
      ],
      series: [
        {},
        { stroke: panel.colour, width: 1.25, points: { size: 4, fill: panel.colour } },
        { stroke: panel.colour, width: 1.25, points: { show: false } },
      ],
      bands: [{ series: [2, 1], fill: `${panel.colour}a0` }],
      padding: [6, 12, 0, 0],
      hooks: {
        drawClear: [shade],
        setSelect: [(u) => {
          if (u.select.width < 3) return;
          const start = u.posToVal(u.select.left, "x"), end = u.posToVal(u.select.left + u.select.width, "x");
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          move(start, end);
        }],
        setCursor: [(u) => { if (k === 0 || u.cursor.event) read(u.cursor.idx); }],
      },
    };
    const made = new uPlot(options, [[], [], []], plot);
    made.over.addEventListener("dblclick", all);
    made.root.setAttribute("role", "img");
    return { panel, made, box, plot, readout: label.lastChild };
  }

  function read(at) {
    const output = byId("at");
    if (at === null || at === undefined || !data || !(at < data.time.length)) {
      setText(output, "");
      charts.forEach((each) => setText(each.readout, ""));
      return;
    }
    setText(output, timeText(data.time[at], view.end - view.start));
    charts.forEach((each, k) => {
      const low = data.low[k][at], high = data.high[k][at];
      const text = !(high >= low) ? "–" : low === high ? clean(low, 5) : `${clean(low, 5)} to ${clean(high, 5)}`;
      setText(each.readout, text);
    });
  }

  function built() {
    const said = JSON.stringify(state.panels);
    const box = byId("charts");
    if (box.dataset.said === said) return false;
    box.dataset.said = said;
    charts.forEach((each) => each.made.destroy());
    box.replaceChildren();
    charts = state.panels.map((panel, k) => chart(panel, k === state.panels.length - 1, k));
    return true;
  }

  function drawn() {
    charts.forEach((each, k) => {
      const low = Array.from(data.low[k], (value) => (Number.isNaN(value) ? null : value));
      const high = data.whole ? low : Array.from(data.high[k], (value) => (Number.isNaN(value) ? null : value));
      each.made.setData([data.time, low, high], true);
      const known = low.filter((value) => value !== null);
      const end = known.length ? clean(known[known.length - 1], 4) : "nothing";
      each.made.root.setAttribute("aria-label", `${each.panel.label} from ${timeText(view.start, view.end - view.start)} to ${timeText(view.end, view.end - view.start)}; at the end ${end}`);
    });
    const [, , unit] = unitOf(view.end - view.start);
    const count = data.whole ? "every sample" : "the least and the largest sample of each column of pixels";
    const lines = [[state.gaps.length, "grey: no samples"], [state.marks.some((mark) => mark.sure), "dashed: what was called"], [state.marks.some((mark) => !mark.sure), "dotted: a sign too weak to call"], [state.events.length, "fine dots: an event"]];
    const legend = lines.filter(([there]) => there).map(([, text]) => `; ${text}`).join("");
    setText(byId("shown"), `Time in ${unit} from the start. ${count[0].toUpperCase()}${count.slice(1)} of ${state.samples.toLocaleString("en")} is drawn${legend}. Drag to zoom, double-click for all.`);
  }

  async function load() {
    if (!view || !charts.length) return;
    if (asking) asking.abort();
    const mine = (asking = new AbortController());
    const columns = Math.min(4096, Math.max(50, Math.round(charts[0].plot.clientWidth * Math.min(devicePixelRatio || 1, 2))));
    const bytes = await ask(`${base}traces?start=${view.start}&end=${view.end}&columns=${columns}`, "bytes", mine.signal);
    if (mine !== asking) return;
    asking = null;
    if (!bytes) return;
    data = unpack(bytes);
    if (data.low.length === charts.length) drawn();
  }

  function move(start, end) {
    const first = state.first_s ?? 0, last = state.last_s ?? 1;
    const width = Math.max(end - start, 1e-6);
    if (width >= last - first) return all();
    whole = false;
    if (end < last) follow = false;
    const at = Math.min(Math.max(start, first - 0.02 * width), last - 0.98 * width);
    view = { start: at, end: at + width };
    showHead();
    return load();
  }

  function all() {
    whole = true;
    view = { start: state.first_s ?? 0, end: state.last_s ?? 1 };
    return load();
  }

  const ACTS = {
    left: (width) => move(view.start - 0.4 * width, view.end - 0.4 * width),
    right: (width) => move(view.start + 0.4 * width, view.end + 0.4 * width),
    in: (width) => move(view.start + 0.25 * width, view.end - 0.25 * width),
    out: (width) => move(view.start - 0.5 * width, view.end + 0.5 * width),
    whole: () => all(),
    follow: (width) => {
      follow = !follow;
      if (follow && !whole) { view = { start: state.last_s - width, end: state.last_s }; load(); }
      showHead();
    },
  };
  const act = (what) => { if (view) ACTS[what](view.end - view.start); };

  function showTraces(before) {
    const there = state.panels.length > 0 && state.samples > 1 && state.last_s !== null;
    byId("over-time").hidden = !there;
    if (!there) return;
    const rebuilt = built();
    const grown = rebuilt || !before || before.traces_version !== state.traces_version || before.last_s !== state.last_s;
    if (!view || whole) { if (grown || !view) all(); }
    else if (follow && grown) { const width = view.end - view.start; view = { start: state.last_s - width, end: state.last_s }; load(); }
    else if (rebuilt || before.traces_version !== state.traces_version) load();
    else if (JSON.stringify([before.marks, before.gaps, before.events]) !== JSON.stringify([state.marks, state.gaps, state.events])) charts.forEach((each) => each.made.redraw());
  }

  function show(before) {
    showHead();
    showTraces(before);
    showEvents();
  }

  /* --------------------------------------------------------------------------------------------------------- begin */

  document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", () => act(button.dataset.do)));
  byId("charts").addEventListener("keydown", (event) => {
    const what = { ArrowLeft: "left", ArrowRight: "right", "+": "in", "=": "in", "-": "out", Home: "whole" }[event.key];
    if (!what || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(what);
  });
  if (byId("pick")) byId("pick").addEventListener("change", (event) => { location.href = `/cell/${event.target.value}/`; });
  document.addEventListener("themed", () => charts.forEach((each) => each.made.redraw()));
  let resizing = null;
  new ResizeObserver(() => {
    clearTimeout(resizing);
    resizing = setTimeout(() => {
      charts.forEach((each) => each.made.setSize({ width: Math.max(each.plot.clientWidth, 100), height: each.made.height }));
      reachable();
      load();
    }, 120);
  }).observe(byId("charts"));
  show(null);
  reachable();
  every(() => (state.replay && !state.replay.over) || state.live || state.busy ? 1 : 3, async () => {
    const asked = await ask(`${base}state.json`, "json");
    if (!asked) return banner(state);
    const before = state;
    state = asked;
    show(before);
    await showBody();
  });
})();
