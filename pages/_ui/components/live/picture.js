// The picture: histogram, precision and recall, removable records above one axis of match probability, on a canvas.
// Helpers for all parts of the bench stand at the end. What is written is text, on the canvas or in elements, never HTML.

const ROW = { top: 76, histogram: 132, gap: 26, curve: 120, rest: 62, axis: 34 };
const LEFT = 56, RIGHT = 14; // prettier-ignore
const LOW = -14, HIGH = 20, WIDTH = 1; // bits shown, and the width of a column
const MARKS = [0.02, 0.1, 0.5, 0.9, 0.99, 0.999];

class Picture {
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
    const dashed = this.scores.basis === "estimate";
    this.panel(ink, colour, second, ROW.curve, this.say("share"), [0, 0.25, 0.5, 0.75, 1], (v) => this.say("percent", { n: v * 100 }));
    const lines = [["precision", colour.same], ["recall", colour.warn]]; // prettier-ignore
    for (const [name, paint] of lines) this.line(ink, second, ROW.curve, 1, name, paint, dashed);
    const third = second + ROW.curve + ROW.gap;
    const most = Math.max(1, this.gone[0]);
    this.panel(ink, colour, third, ROW.rest, this.say("gone"), [0, most], (v) => compact(v, this.data.lang));
    this.line(ink, third, ROW.rest, most, "removable", colour.good, !this.goneExact, this.behind ? 0.35 : 1);
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

  line(ink, top, height, most, name, paint, dashed, alpha = 1) {
    const y = (value) => top + height - (Math.min(value, most) / most) * height;
    const points = this.curve.map((c, i) => [this.x(bitsOf(c.threshold)), y(name === "removable" ? this.gone[i] : c[name])]);
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
    ink.globalAlpha = alpha;
    stroke(ink, points);
    ink.globalAlpha = 1;
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
}

const signed = (bench, value) => (value > 0 ? "+" : "") + bench.number(value, 1);
const compact = (value, lang) => value.toLocaleString(lang, { notation: "compact", maximumFractionDigits: 1 });

const sum = (values) => values.reduce((all, one) => all + one, 0);

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
