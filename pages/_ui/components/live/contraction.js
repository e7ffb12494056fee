// One component parted as engine.match.contraction parts it: the two clusters with the most evidence for being one are
// joined first, evidence adds up, of equal evidence that of the lowest records counts. Evidence comes in whole grains, so
// that sums are exact and what is equal here is equal there. No DOM here.

const GRAIN = 2 ** -32;
const grains = (evidence) => Math.round(evidence / GRAIN) * GRAIN;
const STRANGERS = grains(-0.2); // two records that no blocking rule brought together
const STRONGEST = 12, AGAINST = 2; // how far one pair speaks for and against, see engine.match.cluster
const LARGEST_CHECKED = 200; // records of a component; in larger ones the engine looks at fewer vetoes

// A probability → the log-odds of which evidence is made.
function speaking(p) {
  const held = Math.min(1 - 1e-9, Math.max(1e-9, p));
  return grains(Math.log(held / (1 - held)));
}

class Contraction {
  constructor() {
    const cells = LARGEST_CHECKED * LARGEST_CHECKED;
    this.total = new Float64Array(cells); // row · records + column, both ways
    this.doubt = new Uint8Array(cells); // 1: nobody said whether these two may be one
    this.size = new Int32Array(LARGEST_CHECKED);
    this.left = new Int32Array(LARGEST_CHECKED); // clusters, by their lowest record
  }

  // A graph of `n` records that nobody brought together; `doubted`: nor said of any two whether they may be one.
  begin(n, doubted) {
    this.n = n;
    this.doubted = doubted;
    this.total.fill(STRANGERS, 0, n * n);
    if (doubted) this.doubt.fill(1, 0, n * n);
  }

  put(i, j, evidence) {
    const { n, total, doubt } = this;
    total[i * n + j] = total[j * n + i] = evidence;
    if (this.doubted) doubt[i * n + j] = doubt[j * n + i] = 0;
  }

  // → how many clusters come of it, their sizes first in `size`; 0 where that depends on what nobody said.
  run() {
    const { n, total, doubt, doubted, size, left } = this;
    let count = n;
    for (let i = 0; i < n; i++) (size[i] = 1), (left[i] = i);
    for (;;) {
      let best = 0, at = 0, other = 0; // prettier-ignore
      for (let a = 0; a < count; a++) {
        const row = left[a] * n;
        for (let b = a + 1; b < count; b++) {
          const gain = total[row + left[b]];
          if (gain > best) (best = gain), (at = a), (other = b);
        }
      }
      if (best === 0) break;
      const i = left[at], j = left[other]; // prettier-ignore
      if (doubted && doubt[i * n + j]) return 0;
      size[at] += size[other];
      count -= 1;
      for (let a = other; a < count; a++) (left[a] = left[a + 1]), (size[a] = size[a + 1]);
      for (let a = 0; a < count; a++) {
        const k = left[a];
        if (k === i) continue;
        total[i * n + k] = total[k * n + i] = total[i * n + k] + total[j * n + k];
        if (doubted) doubt[i * n + k] = doubt[k * n + i] = doubt[i * n + k] | doubt[j * n + k];
      }
    }
    return count;
  }
}
