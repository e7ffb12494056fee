// The bench: thumbs and switches → figures and pictures, drawn here at once; on release the server is asked to confirm.
// Everything from the server is written with textContent or on the canvas, never as HTML.

const benches = new WeakMap();
const ROW = { top: 76, histogram: 132, gap: 26, curve: 120, rest: 62, axis: 34 };
const LEFT = 56, RIGHT = 14; // prettier-ignore
const LOW = -14, HIGH = 20, WIDTH = 1; // bits shown, and the width of a column
const MARKS = [0.02, 0.1, 0.5, 0.9, 0.99, 0.999];
const GRID = 0.05; // bits between two points of a curve
const IDLE = 60; // milliseconds after a key is let go until its change is sent
const MOST_BITS = 10, TOP = 120; // prettier-ignore

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".bench");
  const bench = benches.get(root) ?? new Bench(root);
  benches.set(root, bench);
  bench.send = (settings) => setStateValue("settings", settings);
  bench.receive(data);
}

class Bench {
  constructor(root) {
    this.root = root;
    root.frames = this.frames = []; // milliseconds of the latest redraws
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.canvas = this.part("canvas");
    this.thumbs = Object.fromEntries([...root.querySelectorAll("[data-thumb]")].map((t) => [t.dataset.thumb, t]));
    for (const [name, thumb] of Object.entries(this.thumbs)) {
      this.draggable(thumb, (x) => this.threshold(name, shareOf(this.bitsAt(x))), this.canvas);
      this.keyed(thumb, (step, big) => this.threshold(name, this.settings[name] + step * (big ? 0.05 : 0.01)));
    }
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(root);
    globalThis.addEventListener("winnow-table", () => root.isConnected && this.data && this.receive(this.data));
  }

  // ---- to and from the server

  receive(data) {
    this.data = data;
    const bytes = globalThis.winnowTables?.get(data.digest);
    if (!bytes) return;
    this.say = (name, values = {}) => fill(data.texts[name] ?? name, values);
    this.number = (value, digits = 0) =>
      value.toLocaleString(data.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    this.share = (value) => value.toLocaleString(data.lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    if (this.scores?.table.digest !== data.digest) this.scores = new Scores(unpack(bytes));
    this.seq ??= data.seq;
    if (!this.held && !this.pressed && !this.timer && data.seq === this.seq) {
      this.settings = structuredClone(data.settings);
      this.sent = JSON.stringify(this.settings);
    }
    this.scores.set(this.settings);
    const shape = JSON.stringify([data.lang, data.focus, data.names, data.levels.map((l) => l.name), data.vetoes, data.blocking]);
    if (shape !== this.shape) this.build();
    this.shape = shape;
    this.root.setAttribute("aria-busy", "false");
    this.root.lang = data.lang;
    this.weightsChanged();
    this.draw();
  }

  commit() {
    this.timer = clearTimeout(this.timer);
    this.held = this.pressed = false;
    if (JSON.stringify(this.settings) === this.sent) return;
    this.sent = JSON.stringify(this.settings);
    this.seq += 1;
    this.asked = this.released ?? performance.now(); // settling is counted from the moment it was let go
    this.send({ ...structuredClone(this.settings), seq: this.seq });
    this.draw();
  }

  commitSoon() {
    clearTimeout(this.timer);
    this.released = performance.now();
    this.timer = setTimeout(() => this.commit(), IDLE);
  }

  // ---- what a person does

  threshold(name, value) {
    const { settings, data } = this;
    const held = Math.round(Math.min(data.highest, Math.max(data.lowest, value)) * 1000) / 1000;
    if (name === "merge") {
      settings.merge = held;
      settings.review = Math.min(settings.review, held);
    } else settings.review = Math.min(held, settings.merge);
    this.changed();
  }

  bits(level, value) {
    this.settings.adjust[this.data.focus][level] = value;
    this.scores.adjust[this.data.focus][level] = value;
    this.scores.readjust();
    this.weightsChanged();
    this.changed();
  }

  switched(name, on) {
    this.settings.enabled[name] = this.scores.enabled[name] = on;
    this.scores.rescore();
    this.weightsChanged();
    this.released = performance.now();
    this.commit();
  }

  // A veto or a blocking rule; the last blocking rule stays on.
  ruled(name, on) {
    this.settings.on[name] = this.scores.on[name] = on;
    this.scores.regroup();
    this.scores.count();
    this.weightsChanged();
    this.released = performance.now();
    this.commit();
  }

  boundary(level, value) {
    const bounds = this.settings.bounds[this.data.focus];
    bounds[level] = Math.round(Math.min((bounds[level - 1] ?? TOP + 1) - 1, Math.max(bounds[level + 1] + 1, value)));
    this.changed();
  }

  changed() {
    this.draw();
  }

  draggable(thumb, move, frame) {
    const at = (event) => event.clientX - frame.getBoundingClientRect().left;
    thumb.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      thumb.setPointerCapture(event.pointerId);
      thumb.focus({ preventScroll: true });
      this.held = thumb;
      event.preventDefault();
    });
    thumb.addEventListener("pointermove", (event) => this.held === thumb && this.measured(() => move(at(event))));
    for (const end of ["pointerup", "pointercancel"]) thumb.addEventListener(end, () => {
      if (this.held !== thumb) return;
      this.released = performance.now();
      this.commit();
    }); // prettier-ignore
  }

  // `step` −1 or +1; Home and End go to the ends.
  keyed(thumb, move) {
    thumb.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, PageDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 1 }[event.key];
      const end = { Home: -1e6, End: 1e6 }[event.key];
      if (step === undefined && end === undefined) return;
      event.preventDefault();
      this.timer = clearTimeout(this.timer);
      this.pressed = true;
      this.measured(() => move(end ?? (event.shiftKey ? step / 10 : step), event.key.startsWith("Page")));
    });
    thumb.addEventListener("keyup", () => this.pressed && this.commitSoon());
    thumb.addEventListener("blur", () => !this.held && this.pressed && this.commit());
  }

  measured(work) {
    const began = performance.now();
    work();
    this.frames.push(performance.now() - began);
    if (this.frames.length > 600) this.frames.shift();
  }

  // ---- what is seen

  weightsChanged() {
    const { scores, data } = this;
    const points = [];
    for (let b = bitsOf(data.lowest); b <= bitsOf(data.highest); b += GRID) points.push(shareOf(b));
    this.curve = scores.curve(Float64Array.from(points));
    this.columns = scores.histogram(LOW, WIDTH, (HIGH - LOW) / WIDTH);
  }

  draw() {
    if (!this.scores || !this.canvas.clientWidth) return;
    const { merge, review } = this.settings;
    this.now = this.scores.figures(merge, review);
    this.paint();
    this.place();
    this.write();
    if (this.similar?.canvas.isConnected) this.drawLevels();
    if (this.rules && !this.held) this.drawSwitches();
  }

  get plotWidth() {
    return this.canvas.clientWidth - LEFT - RIGHT;
  }

  x(bits) {
    return LEFT + ((Math.min(HIGH, Math.max(LOW, bits)) - LOW) / (HIGH - LOW)) * this.plotWidth;
  }

  bitsAt(x) {
    return LOW + ((x - LEFT) / this.plotWidth) * (HIGH - LOW);
  }

  colours() {
    const style = getComputedStyle(this.root);
    const of = (name) => style.getPropertyValue(name).trim();
    return {
      same: of("--st-blue-color"), other: of("--st-gray-color"), warn: of("--st-orange-color"), text: of("--st-text-color"),
      line: of("--st-border-color"), back: of("--st-background-color"), good: of("--st-green-color"), font: of("--st-font"),
    }; // prettier-ignore
  }

  paint() {
    const tall = ROW.top + ROW.histogram + ROW.gap + ROW.curve + ROW.gap + ROW.rest + ROW.axis;
    const ink = prepare(this.canvas, tall);
    const colour = (this.colour = this.colours());
    ink.font = `12px ${colour.font || "sans-serif"}`;
    const top = ROW.top, bottom = tall - ROW.axis; // prettier-ignore
    const [m, r] = [this.x(bitsOf(this.settings.merge)), this.x(bitsOf(this.settings.review))];
    const right = LEFT + this.plotWidth;
    shade(ink, colour.warn, 0.09, r, top, m - r, bottom - top);
    shade(ink, colour.same, 0.09, m, top, right - m, bottom - top);
    this.paintColumns(ink, colour, top);
    const second = top + ROW.histogram + ROW.gap;
    const dashed = this.scores.table.basis === "estimate";
    this.panel(ink, colour, second, ROW.curve, this.say("share"), [0, 0.25, 0.5, 0.75, 1], (v) => this.say("percent", { n: v * 100 }));
    const lines = [["precision", colour.same], ["recall", colour.warn]]; // prettier-ignore
    for (const [name, paint] of lines) this.line(ink, second, ROW.curve, 1, name, paint, dashed);
    const third = second + ROW.curve + ROW.gap;
    const most = Math.max(1, this.curve[0].removable);
    this.panel(ink, colour, third, ROW.rest, this.say("gone"), [0, most], (v) => compact(v, this.data.lang));
    this.line(ink, third, ROW.rest, most, "removable", colour.good, !this.scores.confirmed);
    this.axis(ink, colour, bottom);
  }

  paintColumns(ink, colour, top) {
    const { pairs, same } = this.columns;
    const high = Math.max(10, ...pairs);
    const tall = (count) => (Math.log10(1 + count) / Math.log10(1 + high)) * ROW.histogram;
    const ticks = [];
    for (let t = 10; t <= high; t *= high > 1e4 ? 100 : 10) ticks.push(t);
    ink.globalAlpha = 1;
    this.panel(ink, colour, top, ROW.histogram, this.say("pairs"), ticks, (v) => compact(v, this.data.lang), (v) => tall(v));
    const wide = (this.plotWidth / (HIGH - LOW)) * WIDTH;
    pairs.forEach((count, i) => {
      if (!count) return;
      const whole = tall(count);
      const part = whole * Math.min(1, same[i] / count);
      const x = this.x(LOW + i * WIDTH) + 0.5;
      const base = top + ROW.histogram;
      ink.fillStyle = colour.other;
      ink.fillRect(x, base - whole, wide - 1, whole - part);
      ink.fillStyle = colour.same;
      ink.fillRect(x, base - part, wide - 1, part);
    });
  }

  panel(ink, colour, top, height, title, ticks, write, place = (v) => (v / ticks.at(-1)) * height) {
    ink.strokeStyle = colour.line;
    ink.fillStyle = colour.text;
    ink.lineWidth = 1;
    ink.textAlign = "right";
    ink.textBaseline = "middle";
    for (const tick of ticks) {
      const y = Math.round(top + height - place(tick)) + 0.5;
      ink.globalAlpha = 0.6;
      stroke(ink, [[LEFT, y], [LEFT + this.plotWidth, y]]); // prettier-ignore
      ink.globalAlpha = 0.75;
      ink.fillText(write(tick), LEFT - 6, y);
    }
    ink.globalAlpha = 0.85;
    ink.textAlign = "left";
    ink.textBaseline = "alphabetic";
    ink.fillText(title, LEFT, top - 7, this.plotWidth);
    ink.globalAlpha = 1;
  }

  line(ink, top, height, most, name, paint, dashed) {
    const y = (value) => top + height - (value / most) * height;
    const points = this.curve.map((c) => [this.x(bitsOf(c.threshold)), y(c[name])]);
    if (this.curve[0][`${name}_low`] !== undefined) {
      ink.fillStyle = paint;
      ink.globalAlpha = 0.16;
      ink.beginPath();
      this.curve.forEach((c, i) => ink[i ? "lineTo" : "moveTo"](points[i][0], y(c[`${name}_low`])));
      for (let i = points.length - 1; i >= 0; i--) ink.lineTo(points[i][0], y(this.curve[i][`${name}_high`]));
      ink.fill();
      ink.globalAlpha = 1;
    }
    ink.strokeStyle = ink.fillStyle = paint;
    ink.lineWidth = 2;
    ink.setLineDash(dashed ? [5, 4] : []);
    stroke(ink, points);
    ink.setLineDash([]);
    const at = this.now[name];
    ink.beginPath();
    ink.arc(this.x(bitsOf(this.settings.merge)), y(at), 4, 0, 7);
    ink.fill();
  }

  axis(ink, colour, bottom) {
    ink.fillStyle = colour.text;
    ink.textBaseline = "top";
    ink.textAlign = "center";
    ink.globalAlpha = 0.75;
    const narrow = this.plotWidth < 480;
    for (const mark of MARKS) {
      if (narrow && (mark === 0.1 || mark === 0.99)) continue;
      const x = this.x(bitsOf(mark));
      stroke(ink, [[x, bottom], [x, bottom + 4]]); // prettier-ignore
      ink.fillText(this.number(mark, mark > 0.99 ? 3 : mark === 0.99 || mark < 0.1 ? 2 : 1), x, bottom + 6);
    }
    ink.fillText(this.say("probability"), LEFT + this.plotWidth / 2, bottom + 20);
    for (const value of Object.values(this.data.cheapest)) {
      const x = this.x(bitsOf(value));
      ink.fillStyle = colour.good;
      ink.globalAlpha = 1;
      ink.beginPath();
      ink.moveTo(x, bottom - 9);
      ink.lineTo(x + 5, bottom);
      ink.lineTo(x - 5, bottom);
      ink.fill();
    }
    ink.fillStyle = colour.text;
    ink.globalAlpha = 0.75;
    if (!narrow) {
      ink.textAlign = "left";
      ink.fillText("← " + this.say("different"), LEFT, bottom + 6);
      ink.textAlign = "right";
      ink.fillText(this.say("same") + " →", LEFT + this.plotWidth, bottom + 6);
    }
    ink.globalAlpha = 1;
  }

  place() {
    for (const [name, thumb] of Object.entries(this.thumbs)) {
      const value = this.settings[name];
      const x = this.x(bitsOf(value));
      thumb.style.left = `${x}px`;
      const label = thumb.querySelector("b");
      put(label, `${this.say(name)} ${this.number(value, 3)}`);
      const half = label.offsetWidth / 2;
      const shift = Math.max(0, half + 4 - x) - Math.max(0, x + half + 4 - this.canvas.clientWidth);
      thumb.style.setProperty("--shift", `${shift}px`);
      thumb.setAttribute("aria-label", this.say(`${name}_from`));
      thumb.setAttribute("aria-valuemin", this.data.lowest);
      thumb.setAttribute("aria-valuemax", this.data.highest);
      thumb.setAttribute("aria-valuenow", value);
      thumb.setAttribute("aria-valuetext", this.heard(`${name}_heard`));
    }
  }

  heard(which = "heard") {
    const { merge, review } = this.settings;
    return this.say(which, {
      merge: this.number(merge, 3), review: this.number(review, 3), pairs: this.number(this.now.pairs),
      waiting: this.number(this.now.waiting), gone: this.number(this.now.removable),
      precision: this.share(this.now.precision), recall: this.share(this.now.recall),
    }); // prettier-ignore
  }

  interval(name) {
    const low = this.now[`${name}_low`];
    return low === undefined ? "" : `${this.share(low)} – ${this.share(this.now[`${name}_high`])}`;
  }

  write() {
    const { now, data } = this;
    const sign = this.scores.table.basis === "estimate" ? "≈ " : "";
    const cards = [
      ["precision", sign + this.share(now.precision), this.interval("precision")],
      ["recall", sign + this.share(now.recall), this.interval("recall")],
      ["merged", (now.atMost ? "≤ " : "") + this.number(now.pairs), now.atMost ? this.say("at_most") : ""],
      ["waiting", this.number(now.waiting), ""],
      ["removable", (now.atLeast ? "≥ " : "") + this.number(now.removable), this.say(now.atLeast ? "at_least" : "before_vetoes")],
    ];
    const box = this.root.querySelector(".figures");
    while (box.children.length < cards.length) box.append(make("div", { class: "figure" }, [make("span"), make("strong"), make("small")]));
    cards.forEach(([name, value, note], i) => {
      const [title, strong, small] = box.children[i].children;
      box.children[i].dataset.figure = name;
      put(title, this.say(name));
      put(strong, value);
      put(small, note);
    });
    put(this.part("basis"), this.say(`basis_${this.scores.table.basis}`));
    this.writeLegend();
    this.writeConfirmed(data.confirmed);
    this.canvas.setAttribute("aria-label", this.heard());
  }

  writeLegend() {
    const dashed = this.scores.table.basis === "estimate" ? " dashed" : "";
    const items = [
      ["same_pairs", "", this.colour.same], ["other_pairs", "", this.colour.other],
      ["precision", "line" + dashed, this.colour.same], ["recall", "line" + dashed, this.colour.warn], ["cheapest", "peak", this.colour.good],
    ]; // prettier-ignore
    const said = JSON.stringify([items, this.data.lang]);
    if (this.legend === said) return;
    this.legend = said;
    this.part("legend").replaceChildren(
      ...items.map(([name, kind, colour]) => {
        const mark = make("i", { class: kind });
        mark.style.setProperty("--colour", colour);
        return make("span", {}, [mark, this.say(name)]);
      }),
    );
  }

  writeConfirmed(confirmed) {
    const box = this.part("confirmed");
    const stale = this.held || this.seq !== this.data.seq || JSON.stringify(this.settings) !== JSON.stringify(this.data.settings);
    box.classList.toggle("stale", Boolean(stale));
    box.dataset.state = stale ? "waiting" : "confirmed";
    if (!stale && this.asked) {
      this.root.dataset.settled = Math.round(performance.now() - this.asked);
      this.asked = null;
    }
    const said = JSON.stringify([confirmed, stale, this.data.lang]);
    if (this.said === said) return;
    this.said = said;
    const most = Math.max(1, ...confirmed.sizes.map(([, count]) => count));
    const bars = confirmed.sizes.map(([size, count]) => {
      const bar = make("i");
      bar.style.height = `${2 + (Math.log(1 + count) / Math.log(1 + most)) * 26}px`;
      return make("span", {}, [this.number(count), bar, size]);
    });
    box.replaceChildren(
      make("span", {}, [make("b", {}, [this.say(stale ? "on_release" : "confirmed")])]),
      make("span", { "data-figure": "gone" }, [this.say("records_gone") + " ", make("b", {}, [this.number(confirmed.gone)])]),
      make("span", { "data-figure": "groups" }, [this.say("groups") + " ", make("b", {}, [this.number(confirmed.groups)])]),
      make("span", { "data-figure": "apart" }, [this.say("apart") + " ", make("b", {}, [this.number(confirmed.apart)])]),
      make("span", { class: "by-size" }, [
        this.say("sizes"),
        make("span", { class: "sizes", role: "img", "aria-label": confirmed.sizes.map((s) => s.join(": ")).join("; ") }, bars),
      ]),
    );
    if (!stale) put(this.part("heard"), this.heard());
  }

  // ---- comparisons and their levels

  build() {
    const { data } = this;
    const rows = Object.entries(data.names).map(([name, label]) => {
      const box = make("input", { type: "checkbox", "aria-label": this.say("counts", { name: label }), "data-comparison": name });
      box.addEventListener("change", () => this.measured(() => this.switched(name, box.checked)));
      const button = make("button", { type: "button", "data-focus": name }, [label]);
      button.addEventListener("click", () => {
        this.settings.focus = name;
        this.commit();
      });
      return make("div", { class: "comparison", "data-row": name }, [box, button]);
    });
    this.part("comparisons").replaceChildren(make("h4", {}, [this.say("comparisons")]), ...rows);
    for (const group of [this.root, ...this.root.querySelectorAll("[data-label]")]) group.setAttribute("aria-label", this.say(group.dataset.label));
    this.rules = [...this.buildSwitches("vetoes"), ...this.buildSwitches("blocking")];
    this.buildLevels();
  }

  // ---- vetoes and blocking rules

  buildSwitches(kind) {
    const made = this.data[kind].map(({ name, label, said }, i) => {
      const box = make("input", { type: "checkbox", id: `${kind}-${i}`, "data-switch": name, "aria-describedby": `${kind}-${i}-decides` });
      box.addEventListener("change", () => this.measured(() => this.ruled(name, box.checked)));
      const count = make("small", { id: `${kind}-${i}-decides` });
      const row = make("div", { class: "switch", title: said }, [box, make("label", { for: `${kind}-${i}` }, [label]), count]);
      return { kind, name, row, box, count };
    });
    const help = make("p", {}, [this.say(`${kind}_help`)]);
    this.part(kind).replaceChildren(make("h4", {}, [this.say(kind)]), help, ...made.map((m) => m.row));
    return made;
  }

  drawSwitches() {
    const decided = this.scores.decided(this.settings.merge);
    const on = this.data.blocking.filter(({ name }) => this.settings.on[name]);
    for (const { kind, name, row, box, count } of this.rules) {
      box.checked = this.settings.on[name];
      box.disabled = kind === "blocking" && on.length === 1 && on[0].name === name; // without any no pair is found
      row.classList.toggle("off", !box.checked);
      put(count, this.say(`${kind}_decides`, { n: this.number(decided[name] ?? 0) }));
    }
  }

  buildLevels() {
    const { data } = this;
    const canvas = make("canvas", { role: "img", "aria-label": this.say("similarity") });
    const frame = make("div", { class: "boundaries" }, [canvas]);
    const bounds = data.levels.slice(0, -1).map((level, i) => {
      const thumb = make("div", { class: "boundary", role: "slider", tabindex: "0", "data-boundary": i, "aria-label": this.say("from", { name: level.label }) }, [make("i"), make("b")]);
      const wide = () => canvas.clientWidth - 16;
      this.draggable(thumb, (x) => this.boundary(i, ((x - 8) / wide()) * TOP), canvas);
      this.keyed(thumb, (step, big) => this.boundary(i, this.settings.bounds[data.focus][i] + (Math.sign(step) * Math.max(1, Math.abs(step))) * (big ? 5 : 1)));
      return thumb;
    });
    frame.append(...bounds.slice().reverse()); // the order in which they stand is the order in which Tab goes
    const rows = data.levels.map((level, i) => this.levelRow(level, i));
    const head = ["level", "level_pairs", "level_bits", "by_hand", ""].map((name) => make("th", { scope: "col" }, [name && this.say(name)]));
    this.similar = { canvas, bounds, rows };
    this.part("levels").replaceChildren(
      make("h4", {}, [data.names[data.focus]]),
      make("p", {}, [this.say("boundary_help")]),
      frame,
      make("table", {}, [make("thead", {}, [make("tr", {}, head)]), make("tbody", {}, rows.map((r) => r.row))]),
    );
    this.resize.observe(canvas);
  }

  levelRow(level, i) {
    const range = make("input", { type: "range", min: -MOST_BITS, max: MOST_BITS, step: 0.5, "data-level": i, "aria-label": this.say("bits_for", { name: level.label }) });
    range.addEventListener("input", () => {
      this.held = range;
      this.measured(() => this.bits(i, Number(range.value)));
    });
    range.addEventListener("pointerdown", () => (this.byMouse = true));
    range.addEventListener("keydown", () => (this.byMouse = false));
    range.addEventListener("change", () => {
      this.held = false;
      this.released = performance.now();
      if (this.byMouse) this.commit();
      else this.commitSoon();
    });
    const [pairs, bits, hand] = [make("td"), make("td"), make("td", { class: "by-hand" })];
    const row = make("tr", {}, [make("td", {}, [level.label]), pairs, bits, make("td", { class: "slide" }, [range]), hand]);
    return { row, pairs, bits, range, hand };
  }

  drawLevels() {
    const { data, settings, colour } = this;
    const { canvas, bounds, rows } = this.similar;
    for (const row of this.part("comparisons").querySelectorAll(".comparison")) {
      const name = row.dataset.row;
      row.classList.toggle("chosen", name === data.focus);
      row.classList.toggle("off", !settings.enabled[name]);
      row.querySelector("button").setAttribute("aria-pressed", name === data.focus);
      row.querySelector("input").checked = settings.enabled[name];
    }
    const at = settings.bounds[data.focus];
    const ink = prepare(canvas, 150);
    const wide = canvas.clientWidth - 16;
    const x = (similarity) => 8 + (similarity / TOP) * wide;
    const { pairs, matches } = data.similarity;
    const high = Math.max(10, ...pairs);
    const tall = (count) => (Math.log10(1 + count) / Math.log10(1 + high)) * 84;
    pairs.forEach((count, s) => {
      if (!count) return;
      const whole = tall(count);
      const part = whole * Math.min(1, matches[s] / count);
      const left = x(s) - wide / TOP / 2;
      ink.fillStyle = colour.other;
      ink.fillRect(left, 130 - whole, Math.max(1.5, wide / TOP - 1), whole - part);
      ink.fillStyle = colour.same;
      ink.fillRect(left, 130 - part, Math.max(1.5, wide / TOP - 1), part);
    });
    ink.fillStyle = colour.text;
    ink.font = `12px ${colour.font || "sans-serif"}`;
    ink.globalAlpha = 0.75;
    ink.textBaseline = "top";
    for (const s of [0, 20, 40, 60, 80, 100, 120]) {
      ink.textAlign = s === 0 ? "left" : s === TOP ? "right" : "center";
      ink.fillText(s, x(s), 134);
    }
    ink.globalAlpha = 1;
    const inside = (i) => {
      let count = 0;
      for (let s = at[i]; s < (at[i - 1] ?? TOP + 1); s++) count += pairs[s] ?? 0;
      return count;
    };
    let last = -100, line = 0; // prettier-ignore
    [...bounds].reverse().forEach((thumb, back) => {
      const i = bounds.length - 1 - back;
      const place = x(at[i] - 0.5);
      line = place - last < 26 ? (line + 1) % 3 : 0;
      last = place;
      thumb.style.left = `${place}px`;
      thumb.style.setProperty("--row", `${2 + line * 15}px`);
      put(thumb.querySelector("b"), String(at[i]));
      thumb.setAttribute("aria-valuemin", 1);
      thumb.setAttribute("aria-valuemax", TOP);
      thumb.setAttribute("aria-valuenow", at[i]);
      thumb.setAttribute("aria-valuetext", this.say("boundary_heard", { n: at[i], pairs: this.number(inside(i)) }));
    });
    rows.forEach((row, i) => {
      const hand = settings.adjust[data.focus][i];
      put(row.pairs, this.number(inside(i)));
      put(row.bits, signed(this, data.levels[i].bits));
      put(row.hand, hand ? signed(this, hand) : "0");
      row.row.classList.toggle("changed", hand !== 0);
      if (this.held !== row.range) row.range.value = hand;
      row.range.disabled = !settings.enabled[data.focus];
      row.range.setAttribute("aria-valuetext", this.say("bits", { n: signed(this, hand) }));
    });
  }
}

const signed = (bench, value) => (value > 0 ? "+" : "") + bench.number(value, 1);
const compact = (value, lang) => value.toLocaleString(lang, { notation: "compact", maximumFractionDigits: 1 });

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map((c) => (c instanceof Node ? c : document.createTextNode(c))));
  return element;
}

function prepare(canvas, height) {
  const dense = globalThis.devicePixelRatio || 1;
  const [wide, tall] = [Math.round(canvas.clientWidth * dense), Math.round(height * dense)];
  if (canvas.width !== wide || canvas.height !== tall) {
    [canvas.width, canvas.height] = [wide, tall];
    canvas.style.height = `${height}px`;
  }
  const ink = canvas.getContext("2d");
  ink.setTransform(dense, 0, 0, dense, 0, 0);
  ink.clearRect(0, 0, canvas.clientWidth, height);
  return ink;
}

function shade(ink, colour, alpha, x, y, width, height) {
  ink.globalAlpha = alpha;
  ink.fillStyle = colour;
  ink.fillRect(x, y, Math.max(0, width), height);
  ink.globalAlpha = 1;
}

function stroke(ink, points) {
  ink.beginPath();
  points.forEach(([x, y], i) => ink[i ? "lineTo" : "moveTo"](x, y));
  ink.stroke();
}
