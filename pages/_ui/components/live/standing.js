// Which pairs stand at a threshold: they connect their records, and speak for the two being one or not. Pairs come in the
// sets of engine.match.switches.groups, and are told one by one by engine.match.edges. No DOM here.

const FREE = 0, LINKS = 1, AGREES = 2, BARRED = 3; // a pair not found; found and barred; found; barred and not found
const ONE = 1; // somebody said that two records are one; else that they are not, or keeps them apart

class Standing {
  constructor(table) {
    const sets = table.group_pairs.length;
    this.table = table;
    this.how = new Uint8Array(sets + table.bar_never.length); // what the rules in use make of each set, and of strangers
    this.stands = new Uint8Array(sets); // which sets of pairs connect their records now: LINKS or AGREES
    this.connects = new Uint8Array(table.patterns);
    this.odds = new Float64Array(table.patterns);
    this.of = table.group_pattern; // what is read pair by pair lies here: a table of many parts is slow to be asked
    this.band = new Uint8Array(sets); // 1 and more: the band in which the pairs of a set are told
    this.lone = new Uint8Array(sets); // the same for pairs that have their two records for themselves
    table.bands.forEach((end, b) => {
      const band = end <= table.alone ? this.band : this.lone;
      for (let e = b ? table.bands[b - 1] : 0; e < end; e++) band[table.edge_group[e]] = b + 1;
    });
    this.used = new Uint8Array(table.bands.length + 1); // bands in which something stands
    this.bands = new Uint32Array(table.patterns); // those in which pairs of each pattern are told, a bit for each
    this.first = new Uint32Array(table.patterns + 1); // the first set of each pattern
    for (let g = 0; g < sets; g++) this.first[table.group_pattern[g] + 1] = g + 1;
    for (let i = 0; i < table.patterns; i++) this.first[i + 1] = Math.max(this.first[i + 1], this.first[i]);
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

  // Other rules are in use: what they make of each set, and in which bands pairs of each pattern are told. A pair found
  // that is told in none counts in band 0, or, where it is barred, in the last.
  ruled(rules, bars) {
    const { how, stands, connects, bands, band, lone, first, used } = this;
    const { verdict, group_found_by, group_vetoed_by, bar_never, bar_vetoed_by, binds } = this.table;
    [this.rules, this.bars, this.binds] = [rules, bars, binds || bars !== 0];
    for (let i = 0; i < connects.length; i++) {
      let told = 0;
      for (let g = first[i]; g < first[i + 1]; g++) {
        const barred = verdict[i] === NEVER || group_vetoed_by[g] & bars;
        how[g] = group_found_by[g] & rules ? (barred ? LINKS : AGREES) : barred ? BARRED : FREE;
        if (how[g] === LINKS || how[g] === AGREES) {
          if (band[g]) told |= 1 << band[g];
          if (lone[g]) told |= 1 << lone[g];
          if (!band[g] && !lone[g]) told |= how[g] === AGREES ? 1 : 1 << used.length;
        }
      }
      bands[i] = told;
    }
    for (let k = 0, g = stands.length; k < bar_never.length; k++, g++) {
      how[g] = bar_never[k] || bar_vetoed_by[k] & bars ? BARRED : FREE;
    }
    stands.fill(0);
    connects.fill(0);
  }

  // Scores, merge threshold → which sets stand; what lacks is noted.
  stand(scores, merge) {
    const { stands, how, connects, odds, used, bands, first } = this;
    const { verdict, blocking, vetoes, complete } = this.table;
    const { probability } = scores;
    const [rules, bars, at] = [scores.bits(blocking), scores.bits(vetoes), speaking(merge)];
    if (rules !== this.rules || bars !== this.bars) this.ruled(rules, bars);
    let [every, unsure] = [0, false];
    for (let i = 0; i < probability.length; i++) {
      const v = verdict[i], p = v === MERGE ? 1 : probability[i]; // prettier-ignore
      const decides = v === OPEN || v === MERGE || v === NEVER;
      const now = decides && p >= merge ? 1 : 0;
      let evidence = Math.min(STRONGEST, Math.max(-AGAINST, speaking(p) - at));
      if (!decides) evidence = Math.min(evidence, 0);
      else if (Math.abs(evidence) < 1e-9) unsure = true; // on the threshold itself rounding may decide otherwise there
      odds[i] = evidence;
      if (now) every |= bands[i];
      if (now === connects[i]) continue;
      connects[i] = now;
      for (let g = first[i]; g < first[i + 1]; g++) stands[g] = now && how[g] !== BARRED ? how[g] : 0;
    }
    for (let b = 0; b < used.length; b++) used[b] = (every >> b) & 1;
    // Pairs count that are not told one by one: then more records hang together.
    this.lacking = used[0] === 1 || this.beyond.some(({ found_by }) => found_by & rules);
    this.unsure = unsure || this.lacking || (every >> used.length) & 1 || !scores.exact || !complete;
  }

  // A set → what each of its pairs says of the two being one.
  evidence(set) {
    const how = this.how[set];
    return how === AGREES ? this.odds[this.of[set]] : how === FREE ? STRANGERS : -Infinity;
  }
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
