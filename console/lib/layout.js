import { isFlow } from './flow.js';
import { routed } from './route.js';

const box = { width: 156, height: 46 };
/** Room for the labels of the bands, and between boxes for the arrows that pass. */
const left = 78;
const leastGap = 30;
const laneStep = 9;
const gutterHead = 18;
const bandHead = 10;

/**
 * Boxes on a grid of columns, in bands of a capability each, in the order in which data goes through them; arrows run
 * in the room between rows and between columns, never behind a box.
 * @returns {{box, height: number, bands: object[], nodes: Map<string, {x, y, row, column}>, edges: Map<string, {x, y}[]>}}
 */
export function laidOut({ capabilities, nodes, edges }, width) {
  // Boxes stay where they are when look-ups come and go.
  const flow = edges.filter(isFlow);
  const columns = Math.max(1, Math.floor((width - left - leastGap) / (box.width + leastGap)));
  const gap = (width - left - columns * box.width) / (columns + 1);
  const places = new Map();
  const rows = [];
  for (const name of capabilities) {
    const members = nodes.filter(({ capability }) => capability === name);
    for (const row of rowsOf(members, flow, places, columns)) {
      for (const { node, column } of row) places.set(node.id, { row: rows.length, column });
      rows.push(name);
    }
  }
  const ways = routed({ edges, places, rows: rows.length, columns });
  let top = 0;
  const tops = [];
  const bands = [];
  rows.forEach((name, row) => {
    if (bands.at(-1)?.name !== name) {
      bands.push({ name, top });
      top += bandHead;
    }
    top += gutterHead + ways.lanesAbove(row) * laneStep;
    tops.push(top);
    top += box.height;
  });
  top += gutterHead + ways.lanesAbove(rows.length) * laneStep;
  const xOf = (column) => left + gap + column * (box.width + gap);
  for (const place of places.values()) {
    place.x = xOf(place.column);
    place.y = tops[place.row];
  }
  const geometry = {
    box,
    columnX: (column) => xOf(column) + box.width / 2,
    channelX: (channel) => xOf(channel) - gap / 2,
    gap,
    rowY: (row) => tops[row],
    laneY: (row, lane) => (row < tops.length ? tops[row] - 10 - lane * laneStep : top - 10 - lane * laneStep),
  };
  return {
    box,
    height: top,
    bands: bands.map((band, at) => ({ ...band, height: (bands[at + 1]?.top ?? top) - band.top })),
    nodes: places,
    edges: ways.drawn(geometry),
  };
}

/** The members of a band in rows, each in the columns nearest to what they are connected with. */
function rowsOf(members, edges, places, columns) {
  const sorted = ordered(members, edges, places);
  const count = Math.ceil(members.length / columns);
  const each = Math.ceil(members.length / count);
  return Array.from({ length: count }, (_, row) => {
    const nodes = sorted.slice(row * each, (row + 1) * each);
    const wanted = nodes.map((node, at) => {
      const near = neighbours(node, edges).flatMap((id) => places.get(id)?.column ?? []);
      return near.length === 0 ? (columns - nodes.length) / 2 + at : average(near);
    });
    const chosen = nearest(wanted, columns);
    return nodes.map((node, at) => ({ node, column: chosen[at] }));
  });
}

const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

const neighbours = ({ id }, edges) =>
  edges.flatMap(({ from, to }) => (from === id ? [to] : []).concat(to === id ? [from] : []));

/** By how far along the way within the band, then near to what is above. */
export function ordered(members, edges, places = new Map()) {
  const ids = new Set(members.map(({ id }) => id));
  const back = ({ from, to, how }) => how !== 'reads' && edges.some((other) => other.from === to && other.to === from);
  const inside = edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to) && !back(edge));
  const depth = new Map(members.map(({ id }) => [id, 0]));
  for (let round = 0; round < members.length; round++) {
    for (const { from, to } of inside) {
      if (depth.get(to) <= depth.get(from) && depth.get(from) < members.length) depth.set(to, depth.get(from) + 1);
    }
  }
  const above = (node) => {
    const near = neighbours(node, edges).flatMap((id) => places.get(id)?.column ?? []);
    return near.length === 0 ? 0 : average(near);
  };
  return [...members].sort((a, b) => depth.get(a.id) - depth.get(b.id) || above(a) - above(b));
}

/** As many ascending columns as are wanted, together nearest to them; of equal ones those in the middle. */
function nearest(wanted, columns) {
  const middle = (columns - 1) / 2;
  let best;
  const look = (chosen, far) => {
    if (best && far >= best.far) return;
    if (chosen.length === wanted.length) {
      best = { chosen, far };
      return;
    }
    const last = columns - (wanted.length - chosen.length);
    for (let column = (chosen.at(-1) ?? -1) + 1; column <= last; column++) {
      look([...chosen, column], far + Math.abs(column - wanted[chosen.length]) + 0.01 * Math.abs(column - middle));
    }
  };
  look([], 0);
  return best.chosen;
}
