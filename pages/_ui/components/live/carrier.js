// Takes over from the server the table, once for each set of levels and weights, and what is known of the rules in use,
// whose name begins with "=" and of which more may come later. Keeps them for the bench to find.
export default function ({ data }) {
  const name = new TextDecoder().decode(data.subarray(0, 16));
  const isKnown = name.startsWith("=");
  const kept = isKnown ? (globalThis.winnowKnown ??= new Map()) : (globalThis.winnowTables ??= new Map());
  if ((kept.get(name)?.length ?? 0) >= data.length) return;
  kept.set(name, data.slice());
  while (kept.size > (isKnown ? 12 : 3)) kept.delete(kept.keys().next().value);
  globalThis.dispatchEvent(new CustomEvent("winnow-table", { detail: name }));
}
