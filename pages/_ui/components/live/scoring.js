// The engine's arithmetic on the pattern table, in the browser: packing.py's bytes → weights, counts, curves.
// No DOM here. What is computed is what engine.match.weigh.score and engine.match.evaluate compute.

const LN2 = Math.log(2);
const BOUNDED = ["precision", "precision_low", "precision_high", "recall", "recall_low", "recall_high"];

function unpack(given) {
  const bytes = given.slice(); // aligned at 0, so that views of 8-byte numbers may be laid on it
  const text = new TextDecoder();
  const size = new DataView(bytes.buffer).getUint32(16, true);
  const table = JSON.parse(text.decode(bytes.subarray(20, 20 + size)));
  table.digest = text.decode(bytes.subarray(0, 16));
  const kinds = { Uint8Array, Uint16Array, Uint32Array, Float64Array };
  for (const [name, a] of Object.entries(table.arrays)) {
    table[name] = new kinds[a.type](bytes.buffer, 20 + size + a.offset, a.length);
  }
  return table;
}

const [OPEN, MERGE, , REVIEW, NEVER] = [0, 1, 2, 3, 4]; // what conditions make of a pattern, see engine.match.conditions

class Scores {
  // The table; what is known of one way in which everything stands: so it stands at first.
  constructor(table, known) {
    this.table = table;
    this.known = known;
    const n = table.patterns;
    this.base = new Float64Array(n); // weight before bits by hand
    this.weight = new Float64Array(n);
    this.probability = new Float64Array(n);
    this.every = new Float64Array(n); // pairs of each pattern, whatever is switched off
    this.pairs = new Float64Array(n); // those that a rule in use found and no veto forbids
    this.true = new Float64Array(n); // true matches among `pairs`, where the truth is known
    this.matches = new Float64Array(n); // true, judged or expected matches of each pattern
    this.joint = table.classes.map(() => new Float64Array(n));
    this.likely = likelihoods(table);
    for (let g = 0; g < table.group_pairs.length; g++) this.every[table.group_pattern[g]] += table.group_pairs[g];
    this.enabled = { ...known.settings.enabled };
    this.adjust = structuredClone(known.settings.adjust);
    this.on = Object.fromEntries([...table.vetoes, ...table.blocking].map((name) => [name, known.settings.on.includes(name)]));
    this.groups = new Groups(table);
    this.groups.know(known);
    this.regroup();
    this.rescore();
  }

  // Something else is known: of another way in which everything stands, or more of the same.
  know(known) {
    this.known = known;
    this.groups.know(known);
    this.letGo();
    this.count();
  }

  get basis() {
    return this.known.basis ?? this.table.basis;
  }

  // How everything stands → all figures follow; nothing is done where nothing differs.
  set({ enabled, adjust, on }) {
    const before = [this.on, this.enabled, this.adjust].map((one) => JSON.stringify(one));
    this.on = { ...this.on, ...on };
    this.enabled = { ...enabled };
    this.adjust = structuredClone(adjust);
    const changed = [this.on, this.enabled, this.adjust].map((one, i) => JSON.stringify(one) !== before[i]);
    if (changed[0]) this.regroup();
    if (changed[1]) this.rescore();
    else if (changed[2]) (this.letGo(), this.readjust());
    else if (changed[0]) this.count();
  }

  // The bits of what is on, among `names`.
  bits(names) {
    return names.reduce((bits, name, i) => (this.on[name] ? bits | (1 << i) : bits), 0) >>> 0;
  }

  // A veto or a blocking rule was switched: the pairs of every pattern anew. One pass over the groups.
  regroup() {
    const { table, pairs } = this;
    this.letGo();
    const [rules, vetoes] = [this.bits(table.blocking), this.bits(table.vetoes)];
    for (const counts of [pairs, this.true]) counts.fill(0);
    const { group_pairs, group_found_by, group_vetoed_by, group_pattern, group_matches } = table;
    for (let g = 0; g < group_pairs.length; g++) {
      if (!(group_found_by[g] & rules) || group_vetoed_by[g] & vetoes) continue;
      const i = group_pattern[g];
      pairs[i] += group_pairs[g];
      if (group_matches) this.true[i] += group_matches[g];
    }
    const off = table.blocking.filter((name) => !this.on[name]).length;
    this.exact = off <= table.exact_up_to; // beyond, some pairs are counted that no rule finds
  }

  // Merge threshold → what each switch alone decides: pairs only this rule finds; pairs at the threshold a veto bars.
  decided(merge) {
    const { table, probability } = this;
    const [rules, vetoes] = [this.bits(table.blocking), this.bits(table.vetoes)];
    const [alone, barred] = [table.blocking, table.vetoes].map(() => new Float64Array(32));
    const { group_pairs, group_found_by, group_vetoed_by, group_pattern, verdict } = table;
    for (let g = 0; g < group_pairs.length; g++) {
      const found = group_found_by[g], forbid = group_vetoed_by[g], mine = found & rules; // prettier-ignore
      if (!(forbid & vetoes) && !(mine & (mine - 1))) {
        for (let left = mine || found; left; left &= left - 1) alone[31 - Math.clz32(left & -left)] += group_pairs[g];
      }
      const i = group_pattern[g];
      if (!forbid || !mine || !(verdict[i] === MERGE || (verdict[i] === OPEN && probability[i] >= merge))) continue;
      for (let left = forbid; left; left &= left - 1) barred[31 - Math.clz32(left & -left)] += group_pairs[g];
    }
    const named = (names, counts) => names.map((name, i) => [name, counts[i]]);
    return Object.fromEntries([...named(table.blocking, alone), ...named(table.vetoes, barred)]);
  }

  // A comparison was switched: every pattern anew.
  rescore() {
    const { table, joint, base, likely } = this;
    const n = table.patterns;
    this.letGo();
    table.classes.forEach((one, k) => joint[k].fill(Math.exp(one.log_share)));
    let at = 0; // the likelihoods of a class stand comparison after comparison
    table.comparisons.forEach((c, j) => {
      if (this.enabled[c.name]) {
        const codes = table.codes.subarray(j * n, (j + 1) * n);
        joint.forEach((product, k) => {
          const likelihood = likely[k].subarray(at, at + c.levels + 1);
          for (let i = 0; i < n; i++) product[i] *= likelihood[codes[i]];
        });
      }
      at += c.levels + 1;
    });
    const [matches, others] = [true, false].map((match) => joint.filter((_, k) => table.classes[k].match === match));
    for (let i = 0; i < n; i++) {
      let [same, different] = [0, 0];
      for (let k = 0; k < matches.length; k++) same += matches[k][i];
      for (let k = 0; k < others.length; k++) different += others[k][i];
      base[i] = Math.log(same / different) / LN2;
    }
    this.readjust();
  }

  // The bits of one level move: again and again, until something else is changed.
  moveBits(name, level, bits, merge) {
    const j = this.table.comparisons.findIndex((c) => c.name === name);
    const code = this.adjust[name].length - level; // levels stand strongest first
    const key = `${name} ${level}`;
    if (this.moving !== key) {
      this.moving = key;
      this.moves = Uint8Array.from(this.table.codes.subarray(j * this.table.patterns, (j + 1) * this.table.patterns), (c) => (c === code ? 1 : 0));
    }
    this.groups.hold(this, merge, this.moves);
    this.adjust[name][level] = bits;
    this.readjust();
  }

  letGo() {
    this.moving = this.moves = null;
    this.groups.letGo();
  }

  // Bits by hand were changed: only additions.
  readjust() {
    const { table, base, weight, probability } = this;
    const n = table.patterns;
    weight.set(base);
    table.comparisons.forEach((c, j) => {
      const bits = this.adjust[c.name];
      if (!this.enabled[c.name] || !bits.some((b) => b !== 0)) return;
      const byCode = Float64Array.from([0, ...bits.slice().reverse()]);
      const codes = table.codes.subarray(j * n, (j + 1) * n);
      for (let i = 0; i < n; i++) weight[i] += byCode[codes[i]];
    });
    for (let i = 0; i < n; i++) {
      const w = Math.min(500, Math.max(-500, weight[i]));
      probability[i] = 1 / (1 + Math.pow(2, -w));
    }
    this.count();
  }

  // Whether all stands as what is known was worked out for; then its groups and its curve are exact.
  asConfirmed() {
    const { adjust, enabled, on } = this.known.settings;
    const names = [...this.table.blocking, ...this.table.vetoes].filter((name) => this.on[name]);
    return names.length === on.length && on.every((name) => this.on[name]) && this.table.comparisons.every(
      ({ name }) => this.enabled[name] === enabled[name] && this.adjust[name].every((bits, i) => bits === adjust[name][i]),
    ); // prettier-ignore
  }

  // How many matches each pattern holds, on the best basis there is.
  count() {
    const { table, probability, matches, pairs, every } = this;
    this.confirmed = this.asConfirmed();
    this.total = this.known.total ?? table.total; // known or judged: what a pair is does not depend on its weight
    if (this.basis === "exact") return void matches.set(this.true);
    const rate = this.known.rate ?? probability;
    let total = 0; // also of pairs that are switched off: recall must not rise because a rule is gone
    for (let i = 0; i < matches.length; i++) {
      matches[i] = pairs[i] * rate[i];
      total += every[i] * rate[i];
    }
    if (this.basis === "estimate") this.total = total;
  }

  // Both thresholds → what they mean. A scan over the patterns: microseconds, whatever the number of pairs.
  figures(merge, review, patience) {
    const { probability, matches } = this;
    const { verdict } = this.table;
    let [pairs, waiting, hits] = [0, 0, 0];
    for (let i = 0; i < probability.length; i++) {
      const p = probability[i];
      if (verdict[i] === MERGE || (verdict[i] === OPEN && p >= merge)) {
        pairs += this.pairs[i];
        hits += matches[i];
      } else if (verdict[i] === REVIEW || (verdict[i] === OPEN && p >= review)) waiting += this.pairs[i];
    }
    const groups = (this.confirmed && told(this.known, merge)) || this.groups.at(this, merge, patience);
    return { threshold: merge, pairs, waiting, atMost: !this.exact, ...groups, ...this.measures(merge, pairs, hits) };
  }

  // Precision and recall; from judgements as the engine gave them, with intervals, while all stands as it stood.
  measures(threshold, pairs, hits) {
    const { known, total } = this;
    if (this.basis === "judged" && this.confirmed) {
      const at = nearest(known.curve_threshold, threshold);
      return Object.fromEntries(BOUNDED.map((name) => [name, known[`curve_${name}`][at]]));
    }
    return { precision: pairs ? hits / pairs : 1, recall: total > 1e-9 ? hits / total : 0 };
  }

  // Weights in columns `width` bits wide from `low`; what lies beyond either end is in the outermost column.
  histogram(low, width, columns) {
    const { weight, matches } = this;
    const pairs = new Float64Array(columns);
    const same = new Float64Array(columns);
    for (let i = 0; i < weight.length; i++) {
      const at = Math.min(columns - 1, Math.max(0, Math.floor((weight[i] - low) / width)));
      pairs[at] += this.pairs[i];
      same[at] += matches[i];
    }
    return { pairs, same };
  }

  // Thresholds (rising probabilities) → pairs, precision, recall at each; intervals where there are any.
  curve(thresholds) {
    const { probability, matches } = this;
    const { verdict } = this.table;
    const size = thresholds.length;
    const [pairs, hits] = [0, 0].map(() => new Float64Array(size + 1));
    const reached = (this.reached ??= new Uint16Array(probability.length));
    for (let i = 0; i < probability.length; i++) {
      let at = verdict[i] === MERGE ? size : 0; // how many thresholds lie at or below this pattern
      for (let step = 1 << (31 - Math.clz32(size)); step && verdict[i] === OPEN; step >>= 1) {
        if (at + step <= size && thresholds[at + step - 1] <= probability[i]) at += step;
      }
      reached[i] = at;
      if (!at) continue;
      pairs[at] += this.pairs[i];
      hits[at] += matches[i];
    }
    for (let at = size - 1; at >= 0; at--) for (const sums of [pairs, hits]) sums[at] += sums[at + 1];
    return Array.from(thresholds, (threshold, i) => {
      return { threshold, pairs: pairs[i + 1], ...this.measures(threshold, pairs[i + 1], hits[i + 1]) };
    });
  }

  // Whether the groups are known of every threshold from this one on.
  tells(threshold) {
    return this.confirmed && told(this.known, threshold) !== undefined;
  }

  // The thresholds of the latest `curve` → records that go at each; where that is not known, before groups are parted.
  removable(thresholds) {
    if (this.tells(thresholds[0])) return Float64Array.from(thresholds, (threshold) => told(this.known, threshold).removable);
    return this.groups.curve(this, thresholds, this.reached);
  }
}

// The table → for each class the likelihood of each code, as a share of that in the class that gives it most: what is
// common to all classes weighs nothing, and so products of many stay within what a number holds.
function likelihoods({ logs, classes }) {
  const size = logs.length / classes.length;
  const most = (at) => Math.max(...classes.map((_, k) => logs[k * size + at]));
  return classes.map((_, k) => Float64Array.from({ length: size }, (_, at) => Math.exp(logs[k * size + at] - most(at))));
}

function nearest(sorted, value) {
  let at = 0;
  for (let step = 1 << (31 - Math.clz32(sorted.length)); step; step >>= 1) {
    if (at + step < sorted.length && sorted[at + step] <= value) at += step;
  }
  return at + 1 < sorted.length && sorted[at + 1] - value < value - sorted[at] ? at + 1 : at;
}

const bitsOf = (p) => Math.log2(p / (1 - p));
const shareOf = (bits) => 1 / (1 + Math.pow(2, -bits));
