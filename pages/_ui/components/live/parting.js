// Components in which not every two records agree, contracted as the engine contracts them. No DOM here, and nothing is
// allocated for a component about which nobody said anything.

const KINDS = 5, LARGEST = 6; // groups of 2, 3, 4, 5, 6 or more records

class Parting extends Standing {
  constructor(table) {
    super(table);
    this.parent = new Int32Array(table.nodes); // of a first record: minus the number of its records
    this.links = new Int32Array(table.nodes); // of a first record: pairs that agree
    this.next = new Int32Array(table.nodes); // the records of a component, in a ring; not of one alone
    this.sizes = new Int32Array(KINDS);
    this.mine = new Uint8Array(this.how.length); // sets that move
    this.members = new Int32Array(LARGEST_CHECKED);
    this.local = new Uint8Array(table.nodes); // place of a record in the component that is looked at, valid where
    this.mark = new Int32Array(table.nodes); // its number stands here
    this.number = 0;
    this.record = table.record;
    this.tree = table.tree;
    this.first_inside = table.inside_first; // the pairs inside what strong pairs connect, see engine.match.edges
    this.other = table.inside_other;
    this.set = table.inside_set;
    this.contraction = new Contraction();
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
    const { next, sizes, mine, first_inside, other: ends, set: sets } = this;
    const a = root, b = next[a], c = next[b], last = Math.max(a, b, c); // prettier-ignore
    let count = 0, sum = 0, best = 0; // prettier-ignore
    this.met = 0;
    for (let i = 0, n = a; i < 3; i++, n = next[n]) {
      const end = first_inside[n + 1];
      for (let k = first_inside[n]; k < end; k++) {
        const other = ends[k];
        if (other > last) break;
        if (other !== a && other !== b && other !== c) continue;
        const set = sets[k], evidence = this.evidence(set); // prettier-ignore
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
    const { members, local, mark, record } = this;
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
    const { number, last, members, local, mark, contraction, mine, first_inside, other: ends, set: sets } = this;
    let met = 0;
    this.begin(size);
    for (let i = 0; i < size; i++) {
      const end = first_inside[members[i] + 1];
      for (let k = first_inside[members[i]]; k < end; k++) {
        const other = ends[k];
        if (other > last) break;
        if (mark[other] !== number) continue;
        contraction.put(i, local[other], this.evidence(sets[k]));
        met |= mine[sets[k]];
      }
    }
    this.met = met;
  }

  // Of two records in one tree all is told; what bars two others that are no candidates, nobody said.
  begin(size) {
    const { members, contraction, tree } = this;
    contraction.begin(size, this.binds);
    if (!this.binds) return;
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) if (tree[members[i]] === tree[members[j]]) contraction.put(i, j, STRANGERS);
    }
  }

  // The same where somebody said something: that binds, and what only that connects, no veto parts again.
  fillAsSaid(size) {
    const { number, members, local, mark, contraction, how, stands, odds, of } = this;
    const { first_inside, other: ends, set: sets } = this;
    const each = (visit) => {
      for (let i = 0; i < size; i++) {
        for (let k = first_inside[members[i]]; k < first_inside[members[i] + 1]; k++) {
          if (mark[ends[k]] === number) visit(i, local[ends[k]], sets[k]);
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
      const found = how[set] === AGREES || how[set] === LINKS;
      const free = found ? odds[of[set]] : STRANGERS;
      contraction.put(i, j, connected(i, j) ? this.evidence(set) : free);
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
}
