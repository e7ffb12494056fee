// Groups of records, as engine.match.cluster makes them of what stands now: pairs at or above the threshold connect
// records (union–find), and components in which not every two agree are parted (`Parting`). No DOM here, and little is
// allocated while a thumb moves. What cannot be known here is never called exact: then groups are those that pairs
// connect, before they are parted.

const SAID = -1e6; // agreeing pairs of a component about which somebody said something: never enough
const PER_MILLISECOND = 100_000; // pairs
const NEAR = 10; // bits of the numbers of records that lie near one another

class Groups extends Parting {
  constructor(table) {
    super(table);
    const sets = table.group_pairs.length;
    this.heads = new Int32Array(table.nodes); // first records of components, some of them joined to others since
    this.still = new Uint8Array(table.nodes); // first records of components that nothing that moves can change
    this.found = new Int32Array(table.nodes); // components that are to be parted, as they come,
    this.contested = new Int32Array(table.nodes); // and those that lie near one another together
    this.begins = new Uint32Array((table.nodes >> NEAR) + 2);
    this.twos = new Uint32Array(sets); // pairs of each set that have their two records for themselves
    for (let e = table.alone; e < table.left.length; e++) this.twos[table.edge_group[e]]++;
    this.alone = Uint32Array.from(this.twos.keys()).filter((g) => this.twos[g]);
    this.held = this.later = null;
    this.cost = table.left.length / PER_MILLISECOND; // of what `prepare` does: expected, then measured
    this.told = { sizes: new Array(KINDS).fill(0), removable: 0, lacking: false };
  }

  // Scores, merge threshold, milliseconds after which the rest waits for `more` → groups by size, records that go. With
  // none at all everything waits, and what was told last is told again, as what was before.
  at(scores, merge, patience = Infinity) {
    this.later = patience ? null : () => this.prepare(scores, merge);
    if (this.later) return { ...this.told, exact: false, pending: true, before: true };
    this.prepare(scores, merge);
    return this.more(patience);
  }

  // What stands is connected anew.
  prepare(scores, merge) {
    const began = performance.now();
    const { parent, links, next, sizes, held, stands, used, twos, alone, heads } = this;
    const { left, right, edge_group } = this.table;
    this.stand(scores, merge);
    if (held && held.merge === merge) {
      parent.set(held.parent);
      links.set(held.links);
      next.set(held.next);
      sizes.set(held.sizes);
      this.gone = held.gone;
      heads.set(held.heads);
      this.count = held.heads.length;
      this.unknown = held.unknown;
      const { edges, ends } = held;
      for (let b = 0; b < ends.length; b++) {
        if (!used[b + 1]) continue;
        for (let k = b ? ends[b - 1] : 0; k < ends[b]; k++) {
          const e = edges[k], how = stands[edge_group[e]]; // prettier-ignore
          if (how) this.join(left[e], right[e], how - 1);
        }
      }
    } else {
      this.held = null;
      this.connect(false);
      this.still.fill(0);
      this.unknown = 0;
    }
    for (let k = 0; this.counts && k < alone.length; k++) {
      if (stands[alone[k]] !== AGREES) continue;
      sizes[0] += twos[alone[k]];
      this.gone += twos[alone[k]];
    }
    this.seek();
    this.cost = performance.now() - began;
  }

  // Records that standing pairs connect; `some`: without those that move.
  connect(some) {
    const { parent, links, sizes, stands, used, mine, ends, nodes } = this;
    const { left, right, edge_group } = this.table;
    parent.fill(-1, 0, nodes);
    links.fill(0, 0, nodes);
    sizes.fill(0);
    this.gone = this.count = 0;
    for (const { a, b } of this.said) links[a] = links[b] = SAID;
    for (const { a, b, found_by, verdict } of this.said) {
      if (verdict === ONE && found_by & this.rules) this.join(a, b, 0);
    }
    for (let b = 0; b < ends.length; b++) {
      if (!used[b + 1]) continue;
      for (let e = b ? ends[b - 1] : 0; e < ends[b]; e++) {
        const how = stands[edge_group[e]];
        if (how && !(some && mine[edge_group[e]])) this.join(left[e], right[e], how - 1);
      }
    }
  }

  // Which components are still to be parted. Those that lie near one another come together: memory is read in order.
  seek() {
    const { parent, links, still, contested, found, heads, begins } = this;
    begins.fill(0);
    let count = 0;
    for (let k = 0; k < this.count; k++) {
      const n = heads[k], size = -parent[n]; // prettier-ignore
      if (size < 2 || 2 * links[n] >= size * (size - 1) || still[n]) continue;
      found[count++] = n;
      begins[(n >> NEAR) + 1]++;
    }
    for (let k = 1; k < begins.length; k++) begins[k] += begins[k - 1];
    for (let k = 0; k < count; k++) contested[begins[found[k] >> NEAR]++] = found[k];
    this.waiting = count;
    this.done = 0;
  }

  // Goes on with what is to be contracted, for so many milliseconds → the groups as far as they are known.
  more(patience = Infinity) {
    const until = performance.now() + patience;
    this.later?.();
    this.later = null;
    while (this.done < this.waiting && (this.done % 32 || performance.now() < until)) {
      if (!this.part(this.contested[this.done++])) this.unknown++;
    }
    const pending = this.done < this.waiting;
    const exact = !pending && !this.unsure && !this.unknown;
    this.told = { sizes: Array.from(this.sizes), removable: this.gone, lacking: this.lacking, exact, pending, before: false };
    return this.told;
  }

  // Some patterns are about to move, others and the merge threshold stay: what those make is made once.
  hold(scores, merge, moves) {
    const { table, used, band, lone, mine, parent, links, next, still, sizes, heads, nodes } = this;
    const { left, right, edge_group, group_pattern } = table;
    if (this.held?.merge === merge && this.held.moves === moves) return;
    this.stand(scores, merge);
    for (let g = 0; g < band.length; g++) mine[g] = moves[group_pattern[g]];
    this.connect(true);
    for (let g = 0; g < band.length; g++) if (mine[g]) used[band[g]] = used[lone[g]] = 1;
    const edges = (this.moving ??= new Uint32Array(left.length));
    const touched = new Uint8Array(nodes);
    let count = 0;
    this.later = null;
    const ends = this.ends.map((end, b) => {
      for (let e = b ? this.ends[b - 1] : 0; e < end && used[b + 1]; e++) {
        if (!mine[edge_group[e]]) continue;
        edges[count++] = e;
        touched[root(parent, left[e])] = touched[root(parent, right[e])] = 1;
      }
      return count;
    });
    this.unknown = 0;
    still.fill(0);
    this.seek();
    for (let k = 0; k < this.waiting; k++) {
      const n = this.contested[k];
      if (touched[n]) continue;
      const before = [sizes.slice(), this.gone];
      this.met = 0;
      const known = this.part(n);
      if (this.met) {
        sizes.set(before[0]);
        this.gone = before[1];
        continue;
      }
      still[n] = 1;
      if (!known) this.unknown++;
    }
    for (let n = 0; n < nodes; n++) if (parent[n] >= 0) parent[n] = root(parent, n); // short ways from now on
    this.held = {
      merge, moves, edges, ends, heads: heads.slice(0, this.count), gone: this.gone, unknown: this.unknown, sizes: sizes.slice(),
      parent: parent.slice(0, nodes), links: links.slice(0, nodes), next: next.slice(0, nodes),
    }; // prettier-ignore
  }

  letGo() {
    this.held = null;
    this.mine.fill(0);
  }

  // Scores; rising thresholds, how many of them lie at or below each pattern → records that go at each of them, before
  // components are parted.
  curve(scores, thresholds, reached) {
    const { left, right, edge_group, bands, group_pattern } = this.table;
    const { stands, used, parent } = this;
    const size = thresholds.length;
    parent.fill(-1);
    this.stand(scores, thresholds[0]);
    const begins = new Uint32Array(size + 2);
    const each = (visit) => {
      for (let b = 0; b < bands.length; b++) {
        if (!used[b + 1]) continue;
        for (let e = b ? bands[b - 1] : 0; e < bands[b]; e++) {
          if (stands[edge_group[e]] === AGREES) visit(e, reached[group_pattern[edge_group[e]]]);
        }
      }
    };
    each((_, at) => begins[at + 1]++);
    for (let at = 0; at <= size; at++) begins[at + 1] += begins[at];
    const next_ = begins.slice();
    const order = (this.order ??= new Uint32Array(left.length));
    each((e, at) => (order[next_[at]++] = e));
    const gone = new Float64Array(size);
    this.gone = this.count = 0;
    for (let at = size; at > 0; at--) {
      for (let k = begins[at]; k < begins[at + 1]; k++) {
        this.join(left[order[k]], right[order[k]], 1);
      }
      gone[at - 1] = this.gone;
    }
    return gone;
  }

  // Two records are connected; the groups by size follow.
  join(a, b, agrees) {
    const { parent, links, next, sizes } = this;
    a = root(parent, a);
    b = root(parent, b);
    if (a === b) {
      links[a] += agrees;
      return;
    }
    const p = -parent[a], q = -parent[b]; // prettier-ignore
    if (p > 1) sizes[p < LARGEST ? p - 2 : KINDS - 1]--;
    if (q > 1) sizes[q < LARGEST ? q - 2 : KINDS - 1]--;
    sizes[p + q < LARGEST ? p + q - 2 : KINDS - 1]++;
    const head = p < q ? b : a, rest = p < q ? a : b; // prettier-ignore
    if (p + q === 2) this.heads[this.count++] = head;
    parent[rest] = head;
    parent[head] = -(p + q);
    links[head] += links[rest] + agrees;
    const after = Math.max(p, q) > 1 ? next[head] : head;
    next[head] = Math.min(p, q) > 1 ? next[rest] : rest;
    next[rest] = after;
    this.gone++;
  }
}

function root(parent, n) {
  while (parent[n] >= 0) {
    const up = parent[n];
    if (parent[up] >= 0) parent[n] = parent[up];
    n = up;
  }
  return n;
}

// What the engine tells of every merge threshold, and a threshold → its groups; undefined where it does not know.
function told(known, merge) {
  if (!known?.stops) return undefined;
  const at = nearest(known.stops, merge);
  if (at < known.known_from) return undefined;
  return { sizes: Array.from(known.sizes.subarray(at * KINDS, (at + 1) * KINDS)), removable: known.gone[at], exact: true };
}
