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

const [OPEN, MERGE, , REVIEW] = [0, 1, 2, 3, 4]; // what conditions make of a pattern, see engine.match.conditions

class Scores {
  constructor(table) {
    this.table = table;
    const n = table.patterns;
    this.base = new Float64Array(n); // weight before bits by hand
    this.weight = new Float64Array(n);
    this.probability = new Float64Array(n);
    this.every = new Float64Array(n); // pairs of each pattern, whatever is switched off
    this.pairs = new Float64Array(n); // those that a rule in use found and no veto forbids
    this.forest = new Float64Array(n); // edges of the spanning forest, before vetoes
    this.known = new Float64Array(n); // true matches among `pairs`, where the truth is known
    this.matches = new Float64Array(n); // true, judged or expected matches of each pattern
    this.joint = table.classes.map(() => new Float64Array(n));
    for (let g = 0; g < table.group_pairs.length; g++) this.every[table.group_pattern[g]] += table.group_pairs[g];
    this.enabled = { ...table.enabled };
    this.adjust = structuredClone(table.adjust);
    this.on = { ...Object.fromEntries(table.vetoes.map((name) => [name, false])), ...table.on };
    this.regroup();
    this.rescore();
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
    else if (changed[2]) this.readjust();
    else if (changed[0]) this.count();
  }

  // The bits of what is on, among `names`.
  bits(names) {
    return names.reduce((bits, name, i) => (this.on[name] ? bits | (1 << i) : bits), 0) >>> 0;
  }

  // A veto or a blocking rule was switched: the pairs of every pattern anew. One pass over the groups.
  regroup() {
    const { table, pairs, forest, known } = this;
    const [rules, vetoes] = [this.bits(table.blocking), this.bits(table.vetoes)];
    for (const counts of [pairs, forest, known]) counts.fill(0);
    for (let g = 0; g < table.group_pairs.length; g++) {
      if (!(table.group_found_by[g] & rules)) continue;
      const i = table.group_pattern[g];
      forest[i] += table.group_forest[g];
      if (table.group_vetoed_by[g] & vetoes) continue;
      pairs[i] += table.group_pairs[g];
      if (table.group_matches) known[i] += table.group_matches[g];
    }
    const off = table.blocking.filter((name) => !this.on[name]).length;
    this.exact = off <= table.exact_up_to; // beyond, some pairs are counted that no rule finds
  }

  // Merge threshold → what each switch alone decides: pairs only this rule finds; pairs at the threshold a veto bars.
  decided(merge) {
    const { table, probability } = this;
    const [rules, vetoes] = [this.bits(table.blocking), this.bits(table.vetoes)];
    const [alone, barred] = [table.blocking, table.vetoes].map((names) => new Array(names.length).fill(0));
    for (let g = 0; g < table.group_pairs.length; g++) {
      const [found, forbid, count] = [table.group_found_by[g], table.group_vetoed_by[g], table.group_pairs[g]];
      const bars = !(forbid & vetoes);
      for (let i = 0; bars && i < alone.length; i++) {
        const bit = 1 << i;
        if (found & bit && !(found & rules & ~bit)) alone[i] += count;
      }
      const pattern = table.group_pattern[g];
      const merges = table.verdict[pattern] === MERGE || (table.verdict[pattern] === OPEN && probability[pattern] >= merge);
      if (!forbid || !(found & rules) || !merges) continue;
      for (let i = 0; i < barred.length; i++) if (forbid & (1 << i)) barred[i] += count;
    }
    const named = (names, counts) => names.map((name, i) => [name, counts[i]]);
    return Object.fromEntries([...named(table.blocking, alone), ...named(table.vetoes, barred)]);
  }

  // A comparison was switched: every pattern anew.
  rescore() {
    const { table, joint, base } = this;
    const n = table.patterns;
    let at = 0;
    table.classes.forEach((one, k) => {
      const sum = joint[k].fill(one.log_share);
      table.comparisons.forEach((c, j) => {
        if (this.enabled[c.name]) {
          const codes = table.codes.subarray(j * n, (j + 1) * n);
          const logs = table.logs.subarray(at, at + c.levels + 1);
          for (let i = 0; i < n; i++) sum[i] += logs[codes[i]];
        }
        at += c.levels + 1;
      });
    });
    const of = (match) => joint.filter((_, k) => table.classes[k].match === match);
    const [matches, others] = [of(true), of(false)];
    for (let i = 0; i < n; i++) base[i] = (logSum(matches, i) - logSum(others, i)) / LN2;
    this.readjust();
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

  // Whether all stands as it stood when the table was made; then its forest and its curve are exact.
  asConfirmed() {
    const { table } = this;
    const switched = Object.entries(table.on).some(([name, on]) => this.on[name] !== on);
    return !switched && table.comparisons.every(
      ({ name }) =>
        this.enabled[name] === table.enabled[name] &&
        this.adjust[name].every((bits, i) => bits === table.adjust[name][i]),
    ); // prettier-ignore
  }

  // How many matches each pattern holds, on the best basis there is.
  count() {
    const { table, probability, matches, pairs, every } = this;
    this.confirmed = this.asConfirmed();
    this.total = table.total; // known or judged: what a pair is does not depend on its weight
    if (table.basis === "exact") return void matches.set(this.known);
    const rate = table.rate ?? probability;
    let total = 0; // also of pairs that are switched off: recall must not rise because a rule is gone
    for (let i = 0; i < matches.length; i++) {
      matches[i] = pairs[i] * rate[i];
      total += every[i] * rate[i];
    }
    if (table.basis === "estimate") this.total = total;
  }

  // Both thresholds → what they mean. A scan over the patterns: microseconds, whatever the number of pairs.
  figures(merge, review) {
    const { probability, matches } = this;
    const { verdict } = this.table;
    let [pairs, waiting, hits, edges] = [0, 0, 0, 0];
    for (let i = 0; i < probability.length; i++) {
      const p = probability[i];
      if (verdict[i] === MERGE || (verdict[i] === OPEN && p >= merge)) {
        pairs += this.pairs[i];
        hits += matches[i];
        edges += this.forest[i];
      } else if (verdict[i] === REVIEW || (verdict[i] === OPEN && p >= review)) waiting += this.pairs[i];
    }
    // Under other weights or rules the known forest only bounds what goes.
    const known = { threshold: merge, pairs, waiting, removable: edges, atLeast: !this.confirmed, atMost: !this.exact };
    return { ...known, ...this.measures(merge, pairs, hits) };
  }

  // Precision and recall; from judgements as the engine gave them, with intervals, while all stands as it stood.
  measures(threshold, pairs, hits) {
    const { table, total } = this;
    if (table.basis === "judged" && this.confirmed) {
      const at = nearest(table.curve_threshold, threshold);
      return Object.fromEntries(BOUNDED.map((name) => [name, table[`curve_${name}`][at]]));
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

  // Thresholds (rising probabilities) → pairs, precision, recall, removable at each; intervals where there are any.
  curve(thresholds) {
    const { probability, matches } = this;
    const { verdict } = this.table;
    const size = thresholds.length;
    const [pairs, hits, edges] = [0, 0, 0].map(() => new Float64Array(size + 1));
    for (let i = 0; i < probability.length; i++) {
      if (verdict[i] > MERGE) continue;
      let at = verdict[i] === MERGE ? size : 0; // how many thresholds lie at or below this pattern
      for (let step = 1 << (31 - Math.clz32(size)); step; step >>= 1) {
        if (at + step <= size && thresholds[at + step - 1] <= probability[i]) at += step;
      }
      pairs[at] += this.pairs[i];
      hits[at] += matches[i];
      edges[at] += this.forest[i];
    }
    for (let at = size - 1; at >= 0; at--) for (const sums of [pairs, hits, edges]) sums[at] += sums[at + 1];
    return Array.from(thresholds, (threshold, i) => {
      const at = { threshold, pairs: pairs[i + 1], removable: edges[i + 1] };
      return { ...at, ...this.measures(threshold, pairs[i + 1], hits[i + 1]) };
    });
  }
}

function logSum(logs, i) {
  let top = -Infinity;
  for (const one of logs) if (one[i] > top) top = one[i];
  let sum = 0;
  for (const one of logs) sum += Math.exp(one[i] - top);
  return top + Math.log(sum);
}

function nearest(sorted, value) {
  let at = 0;
  for (let i = 1; i < sorted.length; i++) if (Math.abs(sorted[i] - value) < Math.abs(sorted[at] - value)) at = i;
  return at;
}

const bitsOf = (p) => Math.log2(p / (1 - p));
const shareOf = (bits) => 1 / (1 + Math.pow(2, -bits));
