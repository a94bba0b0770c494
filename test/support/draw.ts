/** Numbers from 0 to below 1 that follow from the seed (mulberry32), so that a run can be repeated. */
export function drawFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One number of 1 to `most` from each of `count` equal parts: all along the way, none twice where there is room. */
export function spread(count: number, most: number, draw: () => number): number[] {
  return Array.from({ length: count }, (_, part) =>
    Math.min(most, 1 + Math.floor(((part + draw()) / count) * most)),
  );
}

/** The seed of this run: the one asked for by `GROUNDWORK_SEED`, else a new one. Print it. */
export const seedOfRun = (): number =>
  Number(process.env.GROUNDWORK_SEED ?? Math.floor(Math.random() * 4_294_967_296));
