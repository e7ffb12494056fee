// Takes the table over from the server, once for each set of weights, and keeps it for the bench to find.
export default function ({ data }) {
  const tables = (globalThis.winnowTables ??= new Map());
  const name = new TextDecoder().decode(data.subarray(0, 16));
  if (!tables.has(name)) tables.set(name, data.slice());
  while (tables.size > 3) tables.delete(tables.keys().next().value);
  globalThis.dispatchEvent(new CustomEvent("winnow-table", { detail: name }));
}
