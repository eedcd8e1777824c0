/* All cells as a lab would hang them on a screen. A cell keeps its place, whatever happens to it. */
"use strict";
(() => {
  const { byId, make, setText, banner, ask, every, unpack, numbersInto, MARKS } = lithostat;
  const tiles = new Map();

  function build(id) {
    const item = make("li", "tile");
    const link = make("a", "");
    const top = make("div", "top");
    const name = make("h2", "name");
    const word = make("p", "word");
    const answer = make("p", "answer");
    const numbers = make("dl", "numbers");
    const spark = make("canvas", "spark");
    spark.setAttribute("aria-hidden", "true");
    const foot = make("p", "small");
    link.href = `/cell/${id}/`;
    top.append(name, word);
    link.append(top, answer, numbers, spark, foot);
    item.append(link);
    byId("tiles").append(item);
    return { item, link, name, word, answer, numbers, spark, foot, said: "", drawn: -1, data: null };
  }

  function fill(tile, state) {
    const said = JSON.stringify(state);
    if (said === tile.said) return;
    tile.said = said;
    tile.item.className = `tile ${state.tone || "plain"}${!state.ready && !state.word ? " waiting" : ""}`;
    setText(tile.name, state.name);
    setText(tile.word, state.word ? `${MARKS[state.tone] ?? "○"} ${state.word}` : "");
    setText(tile.answer, state.answer);
    numbersInto(tile.numbers, state.numbers.slice(0, 3));
    const warned = state.warnings ? `${state.warnings} warning${state.warnings === 1 ? "" : "s"}` : "";
    setText(tile.foot, [state.as_of, warned, state.problem].filter(Boolean).join(" · "));
  }

  function draw(tile) {
    const canvas = tile.spark;
    const data = tile.data;
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    if (!data || !data.low.length || !data.time.length) return;
    const low = data.low[0], high = data.high[0], n = data.time.length;
    let least = Infinity, most = -Infinity;
    for (let k = 0; k < n; k++) { if (low[k] < least) least = low[k]; if (high[k] > most) most = high[k]; }
    if (!(most >= least)) return;
    const flat = 0.04 * Math.abs(0.5 * (least + most)); /* noise should not look like a signal */
    if (most - least < flat) { const middle = 0.5 * (least + most); least = middle - flat; most = middle + flat; }
    const start = data.time[0], span = data.time[n - 1] - start || 1, extent = most - least || 1;
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 1.2;
    pen.beginPath();
    let open = false, last = 0;
    for (let k = 0; k < n; k++) {
      if (!(high[k] >= low[k])) { open = false; continue; }
      const x = 1 + (width - 2) * (data.time[k] - start) / span;
      const top = 2 + (height - 4) * (1 - (high[k] - least) / extent), bottom = 2 + (height - 4) * (1 - (low[k] - least) / extent);
      const [near, far] = Math.abs(top - last) < Math.abs(bottom - last) ? [top, bottom] : [bottom, top];
      if (open) pen.lineTo(x, near); else pen.moveTo(x, near);
      if (bottom - top > 0.5) pen.lineTo(x, far);
      open = true;
      last = far;
    }
    pen.stroke();
  }

  async function trace(tile, state) {
    const mark = `${state.traces_version} ${state.as_of}`;
    if (!state.traces_version || tile.drawn === mark) return;
    tile.drawn = mark;
    const bytes = await ask(`/cell/${state.id}/traces?columns=300`, "bytes");
    if (bytes) { tile.data = unpack(bytes); draw(tile); } else tile.drawn = -1;
  }

  async function show(state) {
    banner(state);
    setText(byId("answer"), state.answer);
    const there = new Set(state.tiles.map((tile) => tile.id));
    for (const [id, tile] of tiles) if (!there.has(id)) { tile.item.remove(); tiles.delete(id); }
    document.body.classList.toggle("few", state.tiles.length <= 6);
    for (const each of state.tiles) {
      if (!tiles.has(each.id)) tiles.set(each.id, build(each.id));
      fill(tiles.get(each.id), each);
    }
    for (const each of state.tiles) await trace(tiles.get(each.id), each);
  }

  let last = lithostat.state;
  show(last);
  every(() => (last.replay || last.live ? 1 : 2), async () => {
    const state = await ask("/wall.json", "json");
    if (state) { last = state; await show(state); } else banner(last);
  });
  const redraw = () => tiles.forEach(draw);
  addEventListener("resize", redraw);
  document.addEventListener("themed", redraw);
})();
