// Groups of records: which records pairs join at a threshold, by union–find over the pairs that are told one by one.
// No DOM here, and nothing is allocated while a thumb moves. Groups whose pairs contradict each other are not parted
// here: that is the engine's, which tells it of every merge threshold beforehand (`told`).

const KINDS = 5, LARGEST = 6; // groups of 2, 3, 4, 5, 6 or more records

class Groups {
  constructor(table) {
    const sets = table.group_pairs.length;
    this.table = table;
    this.parent = new Int32Array(table.nodes); // of a first record: minus the number of its records
    this.sizes = new Int32Array(KINDS);
    this.stands = new Uint8Array(sets); // which sets of pairs join their records now
    this.band = new Uint8Array(sets); // 1 and more: the band in which the pairs of a set are told
    table.bands.forEach((end, b) => {
      for (let e = b ? table.bands[b - 1] : 0; e < end; e++) this.band[table.edge_group[e]] = b + 1;
    });
    this.used = new Uint8Array(table.bands.length + 1); // bands in which something stands
    this.first = new Uint32Array(table.patterns + 1); // the first set of each pattern
    for (let g = 0; g < sets; g++) this.first[table.group_pattern[g] + 1] = g + 1;
    for (let i = 0; i < table.patterns; i++) this.first[i + 1] = Math.max(this.first[i + 1], this.first[i]);
    this.held = null;
  }

  // Scores, a lower limit for each pattern's probability → which sets of pairs stand; what lacks is noted.
  stand(scores, merge) {
    const { stands, band, used, first } = this;
    const { verdict, group_found_by, group_vetoed_by, blocking, vetoes } = this.table;
    const { probability } = scores;
    const [rules, bars] = [scores.bits(blocking), scores.bits(vetoes)];
    used.fill(0);
    stands.fill(0);
    for (let i = 0; i < probability.length; i++) {
      if (verdict[i] === OPEN ? probability[i] < merge : verdict[i] !== MERGE) continue;
      const end = first[i + 1];
      for (let g = first[i]; g < end; g++) {
        if (!(group_found_by[g] & rules) || group_vetoed_by[g] & bars) continue;
        stands[g] = 1;
        used[band[g]] = 1;
      }
    }
    this.lacking = used[0] === 1; // pairs count that are not told one by one: then more records hang together
  }

  // Scores, merge threshold → groups by size, records that go.
  at(scores, merge) {
    const { table, stands, used, parent, sizes, held } = this;
    const { left, right, edge_group, bands } = table;
    this.stand(scores, merge);
    let gone = 0;
    if (held && held.merge === merge) {
      parent.set(held.parent);
      sizes.set(held.sizes);
      gone = held.gone;
      const { edges, count } = held;
      for (let k = 0; k < count; k++) {
        const e = edges[k];
        if (stands[edge_group[e]]) gone += join(parent, sizes, left[e], right[e]);
      }
    } else {
      parent.fill(-1);
      sizes.fill(0);
      for (let b = 0; b < bands.length; b++) {
        if (!used[b + 1]) continue;
        const end = bands[b];
        for (let e = b ? bands[b - 1] : 0; e < end; e++) {
          if (stands[edge_group[e]]) gone += join(parent, sizes, left[e], right[e]);
        }
      }
    }
    return { sizes: Array.from(sizes), removable: gone, lacking: this.lacking };
  }

  // Some patterns are about to move, others and the merge threshold stay: what those join is joined once.
  hold(scores, merge, moves) {
    const { table, stands, used, parent, sizes, band } = this;
    const { left, right, edge_group, group_pattern, bands } = table;
    if (this.held?.merge === merge && this.held.moves === moves) return;
    this.stand(scores, merge);
    parent.fill(-1);
    sizes.fill(0);
    const edges = (this.moving ??= new Uint32Array(left.length));
    const mine = new Uint8Array(stands.length);
    for (let g = 0; g < mine.length; g++) {
      mine[g] = moves[group_pattern[g]];
      if (mine[g]) used[band[g]] = 1;
    }
    let [count, gone] = [0, 0];
    for (let b = 0; b < bands.length; b++) {
      if (!used[b + 1]) continue;
      for (let e = b ? bands[b - 1] : 0; e < bands[b]; e++) {
        if (mine[edge_group[e]]) edges[count++] = e;
        else if (stands[edge_group[e]]) gone += join(parent, sizes, left[e], right[e]);
      }
    }
    this.held = { merge, moves, edges, count, gone, parent: parent.slice(), sizes: sizes.slice() };
  }

  // Scores; rising thresholds, how many of them lie at or below each pattern → records that go at each of them.
  curve(scores, thresholds, reached) {
    const { left, right, edge_group, bands, group_pattern } = this.table;
    const { stands, used, parent, sizes } = this;
    const size = thresholds.length;
    parent.fill(-1);
    this.stand(scores, thresholds[0]);
    const begins = new Uint32Array(size + 2);
    const each = (visit) => {
      for (let b = 0; b < bands.length; b++) {
        if (!used[b + 1]) continue;
        for (let e = b ? bands[b - 1] : 0; e < bands[b]; e++) {
          if (stands[edge_group[e]]) visit(e, reached[group_pattern[edge_group[e]]]);
        }
      }
    };
    each((_, at) => begins[at + 1]++);
    for (let at = 0; at <= size; at++) begins[at + 1] += begins[at];
    const next = begins.slice();
    const order = (this.order ??= new Uint32Array(left.length));
    each((e, at) => (order[next[at]++] = e));
    const gone = new Float64Array(size);
    let joined = 0;
    for (let at = size; at > 0; at--) {
      for (let k = begins[at]; k < begins[at + 1]; k++) joined += join(parent, sizes, left[order[k]], right[order[k]]);
      gone[at - 1] = joined;
    }
    return gone;
  }
}

// Two records are one → 1, or 0 when they were before; the groups by size follow.
function join(parent, sizes, a, b) {
  while (parent[a] >= 0) {
    const up = parent[a];
    if (parent[up] >= 0) parent[a] = parent[up];
    a = up;
  }
  while (parent[b] >= 0) {
    const up = parent[b];
    if (parent[up] >= 0) parent[b] = parent[up];
    b = up;
  }
  if (a === b) return 0;
  const p = -parent[a], q = -parent[b]; // prettier-ignore
  if (p > 1) sizes[p < LARGEST ? p - 2 : KINDS - 1]--;
  if (q > 1) sizes[q < LARGEST ? q - 2 : KINDS - 1]--;
  sizes[p + q < LARGEST ? p + q - 2 : KINDS - 1]++;
  parent[p < q ? a : b] = p < q ? b : a;
  parent[p < q ? b : a] = -(p + q);
  return 1;
}

// What the engine tells of every merge threshold, and a threshold → its groups; undefined where it does not know.
function told(known, merge) {
  if (!known?.stops) return undefined;
  const at = nearest(known.stops, merge);
  if (at < known.known_from) return undefined;
  return { sizes: Array.from(known.sizes.subarray(at * KINDS, (at + 1) * KINDS)), removable: known.gone[at], exact: true };
}
