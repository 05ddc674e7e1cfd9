/**
 * Ways of arrows on a grid of boxes: from a box into the room beside its row (a gutter), along it, through the room
 * between columns (a channel) or an empty column where rows lie between, and into the other box. Those that share a
 * gutter or a channel get lanes of their own.
 */
export function routed({ edges, places, rows, columns }) {
  const taken = new Set([...places.values()].map(({ row, column }) => `${row} ${column}`));
  const gutters = new Map();
  const channels = new Map();
  const ports = new Map();
  const both = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  const ways = edges.map((edge) => {
    const [from, to] = [places.get(edge.from), places.get(edge.to)];
    const isBeside = from.row === to.row && Math.abs(from.column - to.column) === 1;
    if (isBeside) return { edge, from, to, beside: both.has(`${edge.to} ${edge.from}`) ? 1 : 0 };
    const down = to.row > from.row;
    const level = to.row === from.row;
    const out = { row: from.row, side: down ? 'bottom' : 'top', gutter: down ? from.row + 1 : from.row };
    const into = { row: to.row, side: down || level ? 'top' : 'bottom', gutter: down || level ? to.row : to.row + 1 };
    const way = {
      edge,
      from,
      to,
      out,
      into,
      through: out.gutter === into.gutter ? undefined : channelFor(out, into, from, to),
    };
    port(edge.from, out, way.through ?? to.column, way, 'fromPort');
    port(edge.to, into, way.through ?? from.column, way, 'toPort');
    const at = (place) => place.column + 0.5;
    if (way.through === undefined) {
      if (from.column !== to.column) lane(gutters, out.gutter, at(from), at(to), way, 'outLane');
    } else {
      lane(gutters, out.gutter, at(from), way.through, way, 'outLane');
      lane(gutters, into.gutter, way.through, at(to), way, 'intoLane');
      lane(channels, way.through, out.gutter, into.gutter, way, 'channelLane');
    }
    return way;
  });

  /** Channels are whole numbers, the one left of the column; an empty column is a half more. */
  function channelFor(out, into, from, to) {
    const between = [];
    for (let row = Math.min(out.gutter, into.gutter); row < Math.max(out.gutter, into.gutter); row++) between.push(row);
    const free = Array.from({ length: columns }, (_, column) => column).filter((column) =>
      between.every((row) => !taken.has(`${row} ${column}`)),
    );
    const candidates = [...Array(columns + 1).keys(), ...free.map((column) => column + 0.5)];
    const far = (at) =>
      Math.abs(at - from.column - 0.5) + Math.abs(at - to.column - 0.5) + 0.3 * (channels.get(at)?.length ?? 0);
    return candidates.reduce((best, at) => (far(at) < far(best) ? at : best));
  }

  function port(id, { side }, towards, way, name) {
    const key = `${id} ${side}`;
    ports.set(key, [...(ports.get(key) ?? []), { towards, way, name }]);
  }

  function lane(all, key, one, other, way, name) {
    const used = all.get(key) ?? [];
    const [begin, end] = [Math.min(one, other), Math.max(one, other)];
    let number = 0;
    while (used.some((span) => span.lane === number && span.begin < end && begin < span.end)) number++;
    all.set(key, [...used, { lane: number, begin, end }]);
    way[name] = number;
  }

  const lanesIn = (all, key) => Math.max(0, ...(all.get(key) ?? []).map((span) => span.lane + 1));
  return {
    lanesAbove: (row) => (row > rows ? 0 : lanesIn(gutters, row)),
    drawn: (geometry) => {
      for (const [key, ends] of ports) spread(key.endsWith('top') ? -5 : 5, ends, geometry);
      return new Map(ways.map((way) => [way.edge.id, pointsOf(way, geometry, (key) => lanesIn(channels, key))]));
    },
  };
}

/** The ends of arrows along one side of a box, in the order in which they turn away. */
function spread(shift, ends, { box }) {
  const step = Math.min(20, (box.width - 24) / ends.length);
  ends.sort((a, b) => a.towards - b.towards);
  ends.forEach(({ way, name }, at) => {
    way[name] = shift + (at - (ends.length - 1) / 2) * step;
  });
}

function pointsOf(way, { box, columnX, channelX, gap, rowY, laneY }, lanesOf) {
  const { from, to, out, into, through } = way;
  if (out === undefined) {
    const right = to.column > from.column;
    const y = rowY(from.row) + box.height / 2 + (way.beside ? (right ? -8 : 8) : 0);
    const edge = (place, isRight) => columnX(place.column) + (isRight ? box.width / 2 : -box.width / 2);
    return [
      { x: edge(from, right), y },
      { x: edge(to, !right), y },
    ];
  }
  const sideY = ({ row, side }) => rowY(row) + (side === 'bottom' ? box.height : 0);
  const start = { x: columnX(from.column) + way.fromPort, y: sideY(out) };
  const end = { x: columnX(to.column) + way.toPort, y: sideY(into) };
  if (way.outLane === undefined) return [start, { x: start.x, y: end.y }];
  const outY = laneY(out.gutter, way.outLane);
  if (through === undefined) return [start, { x: start.x, y: outY }, { x: end.x, y: outY }, end];
  const count = lanesOf(through);
  const shift = (way.channelLane - (count - 1) / 2) * Math.min(14, (gap - 12) / Math.max(1, count));
  const x = (Number.isInteger(through) ? channelX(through) : columnX(through - 0.5)) + shift;
  const intoY = laneY(into.gutter, way.intoLane);
  return [start, { x: start.x, y: outY }, { x, y: outY }, { x, y: intoY }, { x: end.x, y: intoY }, end];
}

/** A path along points, its corners rounded. */
export function pathOf(points) {
  const radius = 7;
  const parts = [`M${points[0].x} ${points[0].y}`];
  for (let at = 1; at < points.length - 1; at++) {
    const [before, corner, after] = points.slice(at - 1, at + 2);
    const near = (other) => {
      const far = Math.hypot(other.x - corner.x, other.y - corner.y);
      const part = far === 0 ? 0 : Math.min(radius, far / 2) / far;
      return `${corner.x + (other.x - corner.x) * part} ${corner.y + (other.y - corner.y) * part}`;
    };
    parts.push(`L${near(before)}Q${corner.x} ${corner.y} ${near(after)}`);
  }
  parts.push(`L${points.at(-1).x} ${points.at(-1).y}`);
  return parts.join('');
}

const labelHeight = 15;
const letter = 6.3;

/**
 * Places of texts on their ways: on no box and no other text where there is such a place.
 * @param labels [{points, text}] @param boxes [{x, y, width, height}] @returns their middles
 */
export function labelPlaces(labels, boxes) {
  const used = [...boxes];
  return labels.map(({ points, text }) => {
    const width = text.length * letter + 8;
    const around = ({ x, y }) => ({ x: x - width / 2, y: y - labelHeight / 2, width, height: labelHeight });
    const candidates = candidatesOf(points, width);
    const place = candidates.find((at) => !used.some((one) => overlaps(around(at), one))) ?? candidates[0];
    used.push(around(place));
    return place;
  });
}

/** Along the longest parts of a way first; beside a part that a text would cover. */
function candidatesOf(points, width) {
  const parts = points.slice(1).map((end, at) => {
    const begin = points[at];
    const length = Math.abs(end.x - begin.x) + Math.abs(end.y - begin.y);
    const isLevel = begin.y === end.y;
    const isShort = length < (isLevel ? width + 16 : 2.5 * labelHeight);
    return {
      begin,
      end,
      length,
      aside: isShort ? (isLevel ? { x: 0, y: -10 } : { x: width / 2 + 5, y: 0 }) : { x: 0, y: 0 },
    };
  });
  return parts
    .sort((a, b) => b.length - a.length)
    .flatMap(({ begin, end, aside }) =>
      [0.5, 0.65, 0.35, 0.8, 0.2, 0.92, 0.08, 0.58, 0.42, 0.72, 0.28, 0.86, 0.14].map((part) => ({
        x: begin.x + (end.x - begin.x) * part + aside.x,
        y: begin.y + (end.y - begin.y) * part + aside.y,
      })),
    );
}

const overlaps = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
