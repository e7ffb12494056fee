// Groups of records, as engine.match.cluster makes them of what stands now: pairs at or above the threshold connect
// records (union–find), and components in which not every two agree are contracted (`Contraction`). The pairs are told
// by engine.match.edges. No DOM here, and little is allocated while a thumb moves. What cannot be known here is never
// called exact: then groups are those that pairs connect, before they are parted.

const KINDS = 5, LARGEST = 6; // groups of 2, 3, 4, 5, 6 or more records
const SAID = -1e6; // agreeing pairs of a component about which somebody said something: never enough
const LINKS = 1, AGREES = 2; // a pair at or above the threshold: barred, or for the two being one

class Groups {
  constructor(table) {
    const sets = table.group_pairs.length;
    this.table = table;
    this.parent = new Int32Array(table.nodes); // of a first record: minus the number of its records
    this.links = new Int32Array(table.nodes); // of a first record: pairs that agree
    this.next = new Int32Array(table.nodes); // the records of a component, in a ring
    this.itself = Int32Array.from(this.next, (_, n) => n);
    this.sizes = new Int32Array(KINDS);
    this.stands = new Uint8Array(sets); // which sets of pairs connect their records now
    this.value = new Float64Array(sets + table.bar_never.length); // evidence of the pairs of each set, and of strangers
    this.odds = new Float64Array(table.patterns);
    this.band = new Uint8Array(sets); // 1 and more: the band in which the pairs of a set are told
    this.lone = new Uint8Array(sets); // the same for pairs that have their two records for themselves
    table.bands.forEach((end, b) => {
      const band = end <= table.alone ? this.band : this.lone;
      for (let e = b ? table.bands[b - 1] : 0; e < end; e++) band[table.edge_group[e]] = b + 1;
    });
    this.twos = new Uint32Array(sets); // pairs of each set that have their two records for themselves
    for (let e = table.alone; e < table.left.length; e++) this.twos[table.edge_group[e]]++;
    this.used = new Uint8Array(table.bands.length + 1); // bands in which something stands
    this.first = new Uint32Array(table.patterns + 1); // the first set of each pattern
    for (let g = 0; g < sets; g++) this.first[table.group_pattern[g] + 1] = g + 1;
    for (let i = 0; i < table.patterns; i++) this.first[i + 1] = Math.max(this.first[i + 1], this.first[i]);
    this.mine = new Uint8Array(sets + table.bar_never.length); // sets that move
    this.still = new Uint8Array(table.nodes); // first records of components that nothing that moves can change
    this.contested = new Int32Array(table.nodes);
    this.members = new Int32Array(LARGEST_CHECKED);
    this.local = new Uint8Array(table.nodes); // place of a record in the component that is looked at, valid where
    this.mark = new Int32Array(table.nodes); // its number stands here
    this.number = 0;
    this.contraction = new Contraction();
    this.held = null;
  }

  // What people said of pairs, known of the rules in use: told by numbers of records.
  know(known) {
    const { record, part_first } = this.table;
    this.said = [];
    this.saidOf = new Map();
    this.beyond = []; // pairs said to be one of which not all is told
    this.reach(false);
    if (!known.said_left?.length) return;
    const number = new Map();
    const asked = new Set([...known.said_left, ...known.said_right]);
    record.forEach((r, n) => asked.has(r) && number.set(r, n));
    const part = (n) => floor(part_first, n);
    known.said_left.forEach((r, k) => {
      const [a, b] = [number.get(r), number.get(known.said_right[k])];
      const one = { a, b, found_by: known.said_found_by[k], verdict: known.said_verdict[k] };
      if (a !== undefined && b !== undefined && part(a) === part(b)) {
        this.said.push(one);
        this.saidOf.set(a, [...(this.saidOf.get(a) ?? []), one]);
      } else if (one.verdict === ONE) this.beyond.push(one);
    });
    this.reach(this.said.length > 0);
  }

  // How far records and pairs are gone through: where nobody said anything, two that only have each other are counted.
  reach(all) {
    const { nodes, twos, alone, left, bands } = this.table;
    this.counts = !all;
    this.nodes = all ? nodes : twos;
    const pairs = all ? left.length : alone;
    this.ends = bands.filter((end) => end <= pairs);
  }

  // Scores, a lower limit for each pattern's probability → which sets of pairs stand, what each says; what lacks is noted.
  stand(scores, merge) {
    const { stands, value, odds, band, lone, used, first, beyond } = this;
    const { verdict, group_found_by, group_vetoed_by, bar_never, bar_vetoed_by, blocking, vetoes, binds } = this.table;
    const { probability } = scores;
    const [rules, bars, at] = [scores.bits(blocking), scores.bits(vetoes), speaking(merge)];
    this.rules = rules;
    this.binds = binds || bars !== 0;
    used.fill(0);
    let [lacking, unsure] = [beyond.some(({ found_by }) => found_by & rules), false];
    for (let i = 0; i < probability.length; i++) {
      const v = verdict[i], p = v === MERGE ? 1 : probability[i]; // prettier-ignore
      const decides = v === OPEN || v === MERGE || v === NEVER;
      const connects = decides && p >= merge;
      let evidence = Math.min(STRONGEST, Math.max(-AGAINST, speaking(p) - at));
      if (!decides) evidence = Math.min(evidence, 0);
      else if (Math.abs(evidence) < 1e-9) unsure = true; // on the threshold itself rounding may decide otherwise there
      odds[i] = evidence;
      const end = first[i + 1];
      for (let g = first[i]; g < end; g++) {
        const barred = v === NEVER || group_vetoed_by[g] & bars;
        const found = group_found_by[g] & rules;
        value[g] = barred ? -Infinity : found ? evidence : STRANGERS;
        stands[g] = connects && found ? (barred ? LINKS : AGREES) : 0;
        if (!stands[g]) continue;
        used[band[g]] = used[lone[g]] = 1;
        if (band[g] || lone[g]) continue;
        if (barred) unsure = true;
        else lacking = true;
      }
    }
    for (let k = 0, g = stands.length; k < bar_never.length; k++, g++) {
      value[g] = bar_never[k] || bar_vetoed_by[k] & bars ? -Infinity : STRANGERS;
    }
    this.lacking = lacking; // pairs count that are not told one by one: then more records hang together
    this.unsure = unsure || lacking || !scores.exact || !this.table.complete;
  }

  // Scores, merge threshold, milliseconds after which the rest waits for `more` → groups by size, records that go.
  at(scores, merge, patience = Infinity) {
    const { parent, links, next, sizes, held, stands, used, twos } = this;
    const { left, right, edge_group } = this.table;
    this.stand(scores, merge);
    if (held && held.merge === merge) {
      parent.set(held.parent);
      links.set(held.links);
      next.set(held.next);
      sizes.set(held.sizes);
      this.gone = held.gone;
      this.unknown = held.unknown;
      const { edges, ends } = held;
      for (let b = 0; b < ends.length; b++) {
        if (!used[b + 1]) continue;
        for (let k = b ? ends[b - 1] : 0; k < ends[b]; k++) {
          const e = edges[k], how = stands[edge_group[e]]; // prettier-ignore
          if (how) this.gone += join(parent, links, next, sizes, left[e], right[e], how - 1);
        }
      }
    } else {
      this.held = null;
      this.connect(false);
      this.still.fill(0);
      this.unknown = 0;
    }
    for (let g = 0; this.counts && g < twos.length; g++) {
      if (!twos[g] || stands[g] !== AGREES) continue;
      sizes[0] += twos[g];
      this.gone += twos[g];
    }
    this.seek();
    return this.more(patience);
  }

  // Records that standing pairs connect; `some`: without those that move.
  connect(some) {
    const { parent, links, next, sizes, stands, used, mine, ends, nodes } = this;
    const { left, right, edge_group } = this.table;
    parent.fill(-1, 0, nodes);
    links.fill(0, 0, nodes);
    sizes.fill(0);
    next.set(this.itself.subarray(0, nodes));
    let gone = 0;
    for (const { a, b } of this.said) links[a] = links[b] = SAID;
    for (const { a, b, found_by, verdict } of this.said) {
      if (verdict === ONE && found_by & this.rules) gone += join(parent, links, next, sizes, a, b, 0);
    }
    for (let b = 0; b < ends.length; b++) {
      if (!used[b + 1]) continue;
      for (let e = b ? ends[b - 1] : 0; e < ends[b]; e++) {
        const how = stands[edge_group[e]];
        if (how && !(some && mine[edge_group[e]])) gone += join(parent, links, next, sizes, left[e], right[e], how - 1);
      }
    }
    this.gone = gone;
  }

  // Which components are still to be contracted.
  seek() {
    const { parent, links, still, contested, nodes } = this;
    let count = 0;
    for (let n = 0; n < nodes; n++) {
      const size = -parent[n];
      if (size > 1 && 2 * links[n] < size * (size - 1) && !still[n]) contested[count++] = n;
    }
    this.waiting = count;
    this.done = 0;
  }

  // Goes on with what is to be contracted, for so many milliseconds → the groups as far as they are known.
  more(patience = Infinity) {
    const until = performance.now() + patience;
    while (this.done < this.waiting && (this.done % 32 || performance.now() < until)) {
      if (!this.part(this.contested[this.done++])) this.unknown++;
    }
    const pending = this.done < this.waiting;
    const exact = !pending && !this.unsure && !this.unknown;
    return { sizes: Array.from(this.sizes), removable: this.gone, lacking: this.lacking, exact, pending };
  }

  // The first record of a component → its groups in place of it; false where they cannot be known.
  part(root) {
    const { parent, links, next, sizes, contraction } = this;
    const size = -parent[root];
    if (size === 2 && links[root] >= 0) {
      sizes[0]--;
      this.gone--;
      return true; // its one pair is barred
    }
    if (size > LARGEST_CHECKED) return false;
    if (size === 3 && links[root] >= 0 && !this.binds) return this.partThree(root);
    this.gather(root, size, next);
    if (links[root] < 0) this.fillAsSaid(size);
    else this.fill(size);
    const count = contraction.run();
    if (!count) return false;
    sizes[size < LARGEST ? size - 2 : KINDS - 1]--;
    for (let k = 0; k < count; k++) {
      const one = contraction.size[k];
      if (one > 1) sizes[one < LARGEST ? one - 2 : KINDS - 1]++;
    }
    this.gone -= count - 1;
    return true;
  }

  // Three records, the most frequent case: the best pair is joined, then the third with what the other two pairs say.
  partThree(root) {
    const { next, sizes, value, mine } = this;
    const { inside_first, inside_other, inside_set } = this.table;
    const a = root, b = next[a], c = next[b], last = Math.max(a, b, c); // prettier-ignore
    let count = 0, sum = 0, best = 0; // prettier-ignore
    this.met = 0;
    for (let i = 0, n = a; i < 3; i++, n = next[n]) {
      const end = inside_first[n + 1];
      for (let k = inside_first[n]; k < end; k++) {
        const other = inside_other[k];
        if (other > last) break;
        if (other !== a && other !== b && other !== c) continue;
        const set = inside_set[k], evidence = value[set]; // prettier-ignore
        count++;
        sum += evidence;
        if (evidence > best) best = evidence;
        this.met |= mine[set];
      }
    }
    if (sum + (3 - count) * STRANGERS - best > 0) return true;
    sizes[1]--;
    if (best) sizes[0]++;
    this.gone -= best ? 1 : 2;
    return true;
  }

  // The records of a component, in the order in which the engine knows them.
  gather(root, size, next) {
    const { members, local, mark } = this;
    const { record } = this.table;
    const number = ++this.number;
    this.last = 0; // the greatest of their numbers: those of pairs rise
    for (let k = 0, n = root; k < size; k++, n = next[n]) {
      let at = k;
      for (; at && record[members[at - 1]] > record[n]; at--) members[at] = members[at - 1];
      members[at] = n;
      mark[n] = number;
      if (n > this.last) this.last = n;
    }
    for (let k = 0; k < size; k++) local[members[k]] = k;
  }

  fill(size) {
    const { number, last, members, local, mark, value, contraction, mine } = this;
    const { inside_first, inside_other, inside_set } = this.table;
    let met = 0;
    this.begin(size);
    for (let i = 0; i < size; i++) {
      const end = inside_first[members[i] + 1];
      for (let k = inside_first[members[i]]; k < end; k++) {
        const other = inside_other[k];
        if (other > last) break;
        if (mark[other] !== number) continue;
        contraction.put(i, local[other], value[inside_set[k]]);
        met |= mine[inside_set[k]];
      }
    }
    this.met = met;
  }

  // Of two records in one tree all is told; what bars two others that are no candidates, nobody said.
  begin(size) {
    const { members, contraction } = this;
    const { tree } = this.table;
    contraction.begin(size, this.binds);
    if (!this.binds) return;
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) if (tree[members[i]] === tree[members[j]]) contraction.put(i, j, STRANGERS);
    }
  }

  // The same where somebody said something: that binds, and what only that connects, no veto parts again.
  fillAsSaid(size) {
    const { number, members, local, mark, contraction, value, stands, odds } = this;
    const { inside_first, inside_other, inside_set, group_pattern, group_found_by } = this.table;
    const each = (visit) => {
      for (let i = 0; i < size; i++) {
        for (let k = inside_first[members[i]]; k < inside_first[members[i] + 1]; k++) {
          if (mark[inside_other[k]] === number) visit(i, local[inside_other[k]], inside_set[k]);
        }
      }
    };
    const top = Array.from({ length: size }, (_, i) => i);
    const find = (i) => (top[i] === i ? i : find(top[i]));
    each((i, j, set) => stands[set] && (top[find(j)] = find(i)));
    const connected = (i, j) => find(i) === find(j);
    this.begin(size);
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) if (!connected(i, j)) contraction.put(i, j, STRANGERS);
    each((i, j, set) => {
      const free = set < stands.length && group_found_by[set] & this.rules ? odds[group_pattern[set]] : STRANGERS;
      contraction.put(i, j, connected(i, j) ? value[set] : free);
      this.met |= this.mine[set];
    });
    for (let i = 0; i < size; i++) {
      for (const { b, found_by, verdict } of this.saidOf.get(members[i]) ?? []) {
        if (mark[b] !== number) continue;
        const j = local[b], now = contraction.total[i * size + j]; // prettier-ignore
        if (verdict !== ONE) contraction.put(i, j, -Infinity);
        else if (found_by & this.rules && now !== -Infinity) contraction.put(i, j, STRONGEST);
      }
    }
  }

  // Some patterns are about to move, others and the merge threshold stay: what those make is made once.
  hold(scores, merge, moves) {
    const { table, used, band, lone, mine, parent, links, next, still, sizes, nodes } = this;
    const { left, right, edge_group, group_pattern } = table;
    if (this.held?.merge === merge && this.held.moves === moves) return;
    this.stand(scores, merge);
    for (let g = 0; g < band.length; g++) mine[g] = moves[group_pattern[g]];
    this.connect(true);
    for (let g = 0; g < band.length; g++) if (mine[g]) used[band[g]] = used[lone[g]] = 1;
    const edges = (this.moving ??= new Uint32Array(left.length));
    const touched = new Uint8Array(nodes);
    let count = 0;
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
    this.held = {
      merge, moves, edges, ends, gone: this.gone, unknown: this.unknown, sizes: sizes.slice(),
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
    const { stands, used, parent, links, next, sizes } = this;
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
    let joined = 0;
    for (let at = size; at > 0; at--) {
      for (let k = begins[at]; k < begins[at + 1]; k++) {
        joined += join(parent, links, next, sizes, left[order[k]], right[order[k]], 1);
      }
      gone[at - 1] = joined;
    }
    return gone;
  }
}

const ONE = 1; // somebody said that two records are one; else that they are not, or keep them apart

function root(parent, n) {
  while (parent[n] >= 0) {
    const up = parent[n];
    if (parent[up] >= 0) parent[n] = parent[up];
    n = up;
  }
  return n;
}

// Two records are connected → 1, or 0 when they were before; the groups by size follow.
function join(parent, links, next, sizes, a, b, agrees) {
  a = root(parent, a);
  b = root(parent, b);
  if (a === b) {
    links[a] += agrees;
    return 0;
  }
  const p = -parent[a], q = -parent[b]; // prettier-ignore
  if (p > 1) sizes[p < LARGEST ? p - 2 : KINDS - 1]--;
  if (q > 1) sizes[q < LARGEST ? q - 2 : KINDS - 1]--;
  sizes[p + q < LARGEST ? p + q - 2 : KINDS - 1]++;
  const head = p < q ? b : a, rest = p < q ? a : b; // prettier-ignore
  parent[rest] = head;
  parent[head] = -(p + q);
  links[head] += links[rest] + agrees;
  const after = next[head];
  next[head] = next[rest];
  next[rest] = after;
  return 1;
}

// Rising numbers → how many of them are at most `value`, less one.
function floor(rising, value) {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const mid = (low + high) >> 1;
    if (rising[mid] <= value) low = mid + 1;
    else high = mid;
  }
  return low - 1;
}

// What the engine tells of every merge threshold, and a threshold → its groups; undefined where it does not know.
function told(known, merge) {
  if (!known?.stops) return undefined;
  const at = nearest(known.stops, merge);
  if (at < known.known_from) return undefined;
  return { sizes: Array.from(known.sizes.subarray(at * KINDS, (at + 1) * KINDS)), removable: known.gone[at], exact: true };
}
