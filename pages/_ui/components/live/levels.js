// Below the picture: comparisons and their levels, vetoes and blocking rules.

const MOST_BITS = 10, TOP = 120; // prettier-ignore

class Levels extends Figures {
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
    if (!this.behind || !this.decided) this.decided = this.scores.decided(this.settings.merge);
    const on = this.data.blocking.filter(({ name }) => this.settings.on[name]);
    for (const { kind, name, row, box, count } of this.rules) {
      box.checked = this.settings.on[name];
      box.disabled = kind === "blocking" && on.length === 1 && on[0].name === name; // without any no pair is found
      row.classList.toggle("off", !box.checked);
      put(count, this.say(`${kind}_decides`, { n: this.number(this.decided[name] ?? 0) }));
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
