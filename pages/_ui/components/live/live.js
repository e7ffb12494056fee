// The bench: thumbs and switches → figures and pictures, drawn here at once; on release the server is asked to confirm.
// Everything from the server is written with textContent or on the canvas, never as HTML.

const benches = new WeakMap();
const GRID = 0.05; // bits between two points of a curve
const MANY = 200_000; // pairs told one by one, from which on what takes longest waits until the thumb rests
const REST = 80; // milliseconds without a change until then
const FRAME = 11; // milliseconds of a redraw before anything is painted: groups are made in what is left of them,
const BRIEF = 4; // or else between two redraws, in slices of so many,
const WAIT = 100; // but once in so many milliseconds they are drawn in any case
const IDLE = 60; // milliseconds after a key is let go until its change is sent

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".bench");
  const bench = benches.get(root) ?? new Bench(root);
  benches.set(root, bench);
  bench.send = (settings) => setStateValue("settings", settings);
  bench.receive(data);
}

class Bench extends Levels {
  constructor(root) {
    super();
    this.root = root;
    root.frames = this.frames = []; // milliseconds of the latest redraws,
    root.followed = this.followed = []; // and of those in which the groups follow after a click
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
    const more = globalThis.winnowKnown?.get(data.known);
    if (!bytes || !more) return;
    this.say = (name, values = {}) => fill(data.texts[name] ?? name, values);
    this.number = (value, digits = 0) =>
      value.toLocaleString(data.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212");
    this.share = (value) => value.toLocaleString(data.lang, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    if (this.scores?.table.digest !== data.digest) this.scores = new Scores(unpack(bytes), unpack(more));
    else if (this.more !== more) this.scores.know(unpack(more));
    this.more = more;
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

  commitSoon(after = IDLE) {
    clearTimeout(this.timer);
    this.released = performance.now();
    this.timer = setTimeout(() => this.commit(), after);
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
    this.scores.moveBits(this.data.focus, level, value, this.settings.merge);
    this.weightsChanged();
    this.changed();
  }

  switched(name, on) {
    this.settings.enabled[name] = this.scores.enabled[name] = on;
    this.scores.rescore();
    this.weightsChanged();
    this.clicked();
  }

  // A veto or a blocking rule; the last blocking rule stays on.
  ruled(name, on) {
    this.settings.on[name] = this.scores.on[name] = on;
    this.scores.regroup();
    this.scores.count();
    this.weightsChanged();
    this.clicked();
  }

  // What is clicked is sent at once; while an answer is awaited, several clicks in a row are sent together.
  clicked() {
    if (this.seq === this.data.seq && !this.timer) {
      this.released = performance.now();
      this.commit();
    } else {
      this.commitSoon(IDLE / 3);
      this.draw();
    }
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
    this.began = performance.now();
    work();
    this.frames.push(performance.now() - this.began);
    for (const took of [this.frames, this.followed]) if (took.length > 600) took.shift();
  }

  // ---- what is seen

  weightsChanged() {
    const { scores, data } = this;
    if (!this.points) {
      const points = [];
      for (let b = bitsOf(data.lowest); b <= bitsOf(data.highest); b += GRID) points.push(shareOf(b));
      this.points = Float64Array.from(points);
    }
    this.curve = scores.curve(this.points);
    this.columns = scores.histogram(LOW, WIDTH, (HIGH - LOW) / WIDTH);
    this.resting = clearTimeout(this.resting);
    const rest = () => {
      this.gone = scores.removable(this.points);
      this.goneExact = scores.tells(this.points[0]);
    };
    // Where there are many pairs, two things follow when the thumb rests: how many records would go at every other
    // threshold, and what each switch alone decides. Until then the line is faint.
    this.behind = this.gone !== undefined && scores.table.left.length > MANY;
    if (this.behind) this.resting = setTimeout(() => (rest(), (this.behind = false), this.draw()), REST);
    else rest();
  }

  // The groups as the server counted them for what is set.
  confirmedGroups() {
    const { gone, sizes } = this.data.confirmed;
    return { removable: gone, sizes: sizes.map(([, count]) => count), exact: true, lacking: false, pending: false, before: false };
  }

  draw() {
    if (!this.scores || !this.canvas.clientWidth) return;
    const { merge, review } = this.settings;
    const { stale } = this;
    this.parting = clearTimeout(this.parting);
    this.now = this.scores.figures(merge, review, stale ? this.patience() : 0);
    if (!stale) Object.assign(this.now, this.confirmedGroups());
    this.show();
    if (this.similar?.canvas.isConnected) this.drawLevels();
    if (this.rules && !this.held) this.drawSwitches();
    this.partLater();
  }

  // Milliseconds for groups in the redraw that has begun; 0: they have to follow.
  patience() {
    const now = performance.now();
    const left = this.began + FRAME - now;
    const due = (this.held || this.pressed) && !(now < this.grouped + WAIT);
    if (left < this.scores.groups.cost && !due) return 0;
    this.grouped = now;
    return Math.max(left, 0.1);
  }

  show() {
    this.paint();
    this.place();
    this.write();
  }

  // Where there are very many doubtful groups, the rest of them is parted between two frames.
  partLater() {
    if (!this.now.pending) return;
    this.parting = setTimeout(() => {
      const [began, first] = [performance.now(), this.scores.groups.later];
      Object.assign(this.now, this.scores.groups.more(first ? 0 : BRIEF));
      this.grouped = performance.now();
      if (this.now.pending) this.partLater();
      if (first || !this.now.pending) this.show();
      if (first) this.followed.push(performance.now() - began);
    });
  }
}
