// The figures: cards above the picture, groups by size, what is read aloud, what the server confirmed.

class Figures extends Picture {
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
      waiting: this.number(this.now.waiting), gone: this.number(this.now.removable), groups: this.number(sum(this.now.sizes)),
      precision: this.share(this.now.precision), recall: this.share(this.now.recall),
    }); // prettier-ignore
  }

  // Whether something was set that the server has not confirmed yet.
  get stale() {
    const { data, settings } = this;
    return Boolean(this.held || this.seq !== data.seq || JSON.stringify(settings) !== JSON.stringify(data.settings));
  }

  interval(name) {
    const low = this.now[`${name}_low`];
    return low === undefined ? "" : `${this.share(low)} – ${this.share(this.now[`${name}_high`])}`;
  }

  write() {
    const { now, data } = this;
    const sign = this.scores.basis === "estimate" ? "≈ " : "";
    // Parting doubtful groups takes records off what pairs connect; pairs that were not told may add some.
    const about = now.exact ? "" : now.lacking ? "≈ " : "≤ ";
    const doubt = now.exact ? "" : this.say(now.lacking ? "without_weakest" : "before_splits");
    const cards = [
      ["precision", sign + this.share(now.precision), this.interval("precision")],
      ["recall", sign + this.share(now.recall), this.interval("recall")],
      ["merged", (now.atMost ? "≤ " : "") + this.number(now.pairs), now.atMost ? this.say("at_most") : ""],
      ["waiting", this.number(now.waiting), ""],
      ["removable", about + this.number(now.removable), now.exact ? "" : this.say("exact_on_release")],
    ];
    const box = this.root.querySelector(".figures");
    while (box.children.length <= cards.length) box.append(make("div", { class: "figure" }, [make("span"), make("strong"), make("small")]));
    cards.forEach(([name, value, note], i) => {
      const [title, strong, small] = box.children[i].children;
      box.children[i].dataset.figure = name;
      if (name === "removable" && now.before) return; // it follows, and so do the groups by size
      put(title, this.say(name));
      put(strong, value);
      put(small, note);
    });
    if (!now.before) this.writeSizes(box.lastChild, doubt);
    put(this.part("basis"), this.say(`basis_${this.scores.basis}`));
    this.writeLegend();
    this.writeConfirmed(data.confirmed);
    this.canvas.setAttribute("aria-label", this.heard());
  }

  // Groups by size: how many there are, and a column for each size; its names are those of the server's own figures.
  writeSizes(card, doubt) {
    const { sizes } = this.now;
    card.dataset.figure = "sizes";
    if (!this.sized) {
      this.sized = sizes.map(() => ({ count: make("b"), bar: make("i"), name: make("span") }));
      const columns = this.sized.map(({ count, bar, name }) => make("span", { class: "column" }, [count, bar, name]));
      this.columnsBySize = make("div", { class: "sizes", role: "img" }, columns);
      card.replaceChildren(make("span"), this.columnsBySize, make("small"));
    }
    put(card.firstChild, this.say("sizes"));
    put(card.lastChild, doubt);
    const most = Math.log(2 + Math.max(...sizes));
    const said = this.sized.map(({ count, bar, name }, i) => {
      const size = this.data.confirmed.sizes[i][0];
      put(count, this.number(sizes[i]));
      put(name, size);
      bar.style.height = `${sizes[i] ? 3 + (Math.log(1 + sizes[i]) / most) * 27 : 0}px`;
      return this.say("size", { size, n: this.number(sizes[i]) });
    });
    this.columnsBySize.setAttribute("aria-label", `${this.say("sizes")}: ${said.join("; ")}`);
  }

  writeLegend() {
    const dashed = this.scores.basis === "estimate" ? " dashed" : "";
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
    const { stale } = this;
    box.classList.toggle("stale", stale);
    box.dataset.state = stale ? "waiting" : "confirmed";
    if (!stale && this.asked) {
      this.root.dataset.settled = Math.round(performance.now() - this.asked);
      this.asked = null;
    }
    const said = JSON.stringify([confirmed, stale, this.data.lang]);
    if (this.said === said) return;
    this.said = said;
    box.replaceChildren(
      make("span", {}, [make("b", {}, [this.say(stale ? "on_release" : "confirmed")])]),
      make("span", { "data-figure": "gone" }, [this.say("records_gone") + " ", make("b", {}, [this.number(confirmed.gone)])]),
      make("span", { "data-figure": "groups" }, [this.say("groups") + " ", make("b", {}, [this.number(confirmed.groups)])]),
      make("span", { "data-figure": "apart" }, [this.say("apart") + " ", make("b", {}, [this.number(confirmed.apart)])]),
    );
    if (!stale) put(this.part("heard"), this.heard());
  }
}
