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
  const kinds = { Uint8Array, Uint32Array, Float64Array };
  for (const [name, a] of Object.entries(table.arrays)) {
    table[name] = new kinds[a.type](bytes.buffer, 20 + size + a.offset, a.length);
  }
  return table;
}

class Scores {
  constructor(table) {
    this.table = table;
    const n = table.patterns;
    this.base = new Float64Array(n); // weight before bits by hand
    this.weight = new Float64Array(n);
    this.probability = new Float64Array(n);
    this.matches = new Float64Array(n); // true, judged or expected matches of each pattern
    this.joint = table.classes.map(() => new Float64Array(n));
    this.enabled = { ...table.enabled };
    this.adjust = structuredClone(table.adjust);
    this.rescore();
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
    this.confirmedWeights = this.asConfirmed();
    this.count();
  }

  asConfirmed() {
    const { table } = this;
    return table.comparisons.every(
      ({ name }) =>
        this.enabled[name] === table.enabled[name] &&
        this.adjust[name].every((bits, i) => bits === table.adjust[name][i]),
    );
  }

  // How many matches each pattern holds, on the best basis there is.
  count() {
    const { table, probability, matches } = this;
    if (table.basis !== "estimate") {
      matches.set(table.matches); // known or judged: what a pair is does not depend on its weight
      this.total = table.total;
      return;
    }
    this.total = 0;
    for (let i = 0; i < matches.length; i++) this.total += matches[i] = table.pairs[i] * probability[i];
  }

  // Both thresholds → what they mean. A scan over the patterns: microseconds, whatever the number of pairs.
  figures(merge, review) {
    const { table, probability, matches } = this;
    let [pairs, waiting, hits, edges] = [0, 0, 0, 0];
    for (let i = 0; i < probability.length; i++) {
      const p = probability[i];
      if (p >= merge) {
        pairs += table.pairs[i];
        hits += matches[i];
        edges += table.forest[i];
      } else if (p >= review) waiting += table.pairs[i];
    }
    // Under other weights the known forest only bounds what goes.
    const known = { threshold: merge, pairs, waiting, removable: edges, atLeast: !this.confirmedWeights };
    return { ...known, ...this.measures(merge, pairs, hits) };
  }

  // Precision and recall; from judgements as the engine gave them, with intervals, while the weights stand.
  measures(threshold, pairs, hits) {
    const { table, total } = this;
    if (table.basis === "judged" && this.confirmedWeights) {
      const at = nearest(table.curve_threshold, threshold);
      return Object.fromEntries(BOUNDED.map((name) => [name, table[`curve_${name}`][at]]));
    }
    return { precision: pairs ? hits / pairs : 1, recall: total > 1e-9 ? hits / total : 0 };
  }

  // Weights in columns `width` bits wide from `low`; what lies beyond either end is in the outermost column.
  histogram(low, width, columns) {
    const { table, weight, matches } = this;
    const pairs = new Float64Array(columns);
    const same = new Float64Array(columns);
    for (let i = 0; i < weight.length; i++) {
      const at = Math.min(columns - 1, Math.max(0, Math.floor((weight[i] - low) / width)));
      pairs[at] += table.pairs[i];
      same[at] += matches[i];
    }
    return { pairs, same };
  }

  // Thresholds (rising probabilities) → pairs, precision, recall, removable at each; intervals where there are any.
  curve(thresholds) {
    const { table, probability, matches } = this;
    const size = thresholds.length;
    const [pairs, hits, edges] = [0, 0, 0].map(() => new Float64Array(size + 1));
    for (let i = 0; i < probability.length; i++) {
      let at = 0; // how many thresholds lie at or below this pattern
      for (let step = 1 << (31 - Math.clz32(size)); step; step >>= 1) {
        if (at + step <= size && thresholds[at + step - 1] <= probability[i]) at += step;
      }
      pairs[at] += table.pairs[i];
      hits[at] += matches[i];
      edges[at] += table.forest[i];
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
