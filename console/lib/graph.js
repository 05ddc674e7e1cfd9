import { html, useEffect, useMemo, useRef, useState } from '../vendor/ui.js';
import { brief, duration } from './format.js';

const height = 52;
const wide = { width: 148, height, gapX: 26, gapY: 30, left: 84, top: 26 };
/** Where the label of a band has no room beside the boxes: two boxes a row. */
const narrow = (width) => ({ width: Math.floor((width - 36) / 2), height, gapX: 28, gapY: 30, left: 4, top: 34 });
const sizes = (width) => (width < 640 ? narrow(width) : wide);

/** Boxes in bands, a band a capability, in the order in which data goes through them. */
export function Graph({ topology, live, chosen, onChoose }) {
  const holder = useRef(null);
  const [width, setWidth] = useState(1000);
  const [over, setOver] = useState();
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(320, Math.floor(entry.contentRect.width))));
    observer.observe(holder.current);
    return () => observer.disconnect();
  }, []);
  const layout = useMemo(() => placed(topology, width), [topology.nodes, topology.edges.length, width]);
  const box = layout.box;
  const near = over ?? chosen;
  const isNear = ({ from, to }) => near === undefined || from === near || to === near;
  return html`<div class="graph" ref=${holder} style=${{ height: `${layout.height}px` }}>
    ${layout.bands.map(
      ({ name, top, height }) =>
        html`<div class="band" style=${{ top: `${top}px`, height: `${height}px` }}><span>${name}</span></div>`,
    )}
    <svg width=${width} height=${layout.height} aria-hidden="true" focusable="false">
      <defs>
        ${['ok', 'quiet', 'late', 'failing'].map(
          (health) =>
            html`<marker id=${`end-${health}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">
              <path d="M0 0 8 4 0 8z" class=${`fill ${health}`} />
            </marker>`,
        )}
      </defs>
      ${topology.edges.map((edge) => {
        const state = live?.edges[edge.id];
        const health = state?.health ?? 'quiet';
        const { path } = layout.edges.get(edge.id);
        return html`<path
          key=${edge.id}
          d=${path}
          class=${`edge ${health} ${edge.how} ${isNear(edge) ? '' : 'far'}`}
          marker-end=${`url(#end-${health})`}
        />`;
      })}
      ${topology.edges.map((edge) => {
        const text = labelOf(live?.edges[edge.id]);
        if (!text || !isNear(edge)) return null;
        const { x, y } = layout.edges.get(edge.id);
        return html`<text key=${edge.id} x=${x} y=${y} class="rate">${text}</text>`;
      })}
    </svg>
    ${topology.nodes.map((node) => {
      const { x, y } = layout.nodes.get(node.id);
      return html`<button
        type="button"
        key=${node.id}
        class=${`node ${healthOf(node, topology, live)}`}
        style=${{ left: `${x}px`, top: `${y}px`, width: `${box.width}px`, height: `${box.height}px` }}
        aria-expanded=${String(chosen === node.id)}
        title=${node.members.map(({ name }) => name).join('\n')}
        onClick=${() => onChoose(node.id)}
        onMouseEnter=${() => setOver(node.id)}
        onMouseLeave=${() => setOver(undefined)}
        onFocus=${() => setOver(node.id)}
        onBlur=${() => setOver(undefined)}
      >
        <small>${node.kind}${node.members.length > 1 ? ` × ${node.members.length}` : ''}</small>${' '}
        <b>${shortName(node)}</b>
      </button>`;
    })}
  </div>`;
}

function labelOf(state) {
  if (!state?.rate) return state?.health === 'late' ? `${duration(state.lag)} behind` : '';
  const late = state.lag !== null && state.lag > 5000 ? ` · ${duration(state.lag)} behind` : '';
  return `${brief(state.rate)}/s${late}`;
}

function healthOf({ id }, { edges }, live) {
  const states = edges.filter(({ to }) => to === id).flatMap((edge) => live?.edges[edge.id]?.health ?? []);
  return ['failing', 'late', 'ok'].find((health) => states.includes(health)) ?? 'quiet';
}

/** What tells it from the others: the common beginning of a deployment's names does not. */
function shortName({ members }) {
  const names = members.map(({ name }) =>
    name.replace(/^(pinflow[-_][a-z0-9]+[-_]|streaming-)/, '').replace(/-\d{12}.*$/, ''),
  );
  if (names.length === 1) return names[0];
  const parts = names.map((name) => name.split(/[-._]/));
  return parts.map((part) => part.at(-1)).join(' · ');
}

function placed({ capabilities, nodes, edges }, width) {
  const box = sizes(width);
  const perRow = Math.max(1, Math.floor((width - box.left + box.gapX) / (box.width + box.gapX)));
  const places = new Map();
  const bands = [];
  let top = 0;
  for (const name of capabilities) {
    const members = ordered(
      nodes.filter(({ capability }) => capability === name),
      edges,
      places,
    );
    const rows = Math.ceil(members.length / perRow);
    const each = Math.ceil(members.length / rows);
    members.forEach((node, at) => {
      const row = Math.floor(at / each);
      const inRow = Math.min(each, members.length - row * each);
      const free = width - box.left - inRow * box.width - (inRow - 1) * box.gapX;
      const spread = Math.min(60, inRow > 1 ? free / inRow : 0);
      const start = box.left + Math.max(0, (free - spread * (inRow - 1)) / 2);
      places.set(node.id, {
        x: start + (at % each) * (box.width + box.gapX + spread),
        y: top + box.top + row * (box.height + box.gapY),
        band: name,
        row: `${name} ${row}`,
      });
    });
    const height = box.top + 26 + rows * box.height + (rows - 1) * box.gapY;
    bands.push({ name, top, height });
    top += height;
  }
  const drawn = new Map(edges.map((edge) => [edge.id, curve(places.get(edge.from), places.get(edge.to), box)]));
  return { box, nodes: places, bands, edges: drawn, height: top };
}

/** By how far along the way within the band, then near to what is above. */
function ordered(members, edges, places) {
  const ids = new Set(members.map(({ id }) => id));
  const back = ({ from, to, how }) => how !== 'reads' && edges.some((other) => other.from === to && other.to === from);
  const inside = edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to) && !back(edge));
  const depth = new Map(members.map(({ id }) => [id, 0]));
  for (let round = 0; round < members.length; round++) {
    for (const { from, to } of inside) {
      if (depth.get(to) <= depth.get(from) && depth.get(from) < members.length) depth.set(to, depth.get(from) + 1);
    }
  }
  const above = ({ id }) => {
    const xs = edges.flatMap(
      ({ from, to }) => (to === id && places.get(from)?.x) || (from === id && places.get(to)?.x) || [],
    );
    return xs.length === 0 ? 0 : xs.reduce((sum, x) => sum + x, 0) / xs.length;
  };
  return [...members].sort((a, b) => depth.get(a.id) - depth.get(b.id) || above(a) - above(b));
}

function curve(from, to, { width, height }) {
  const middle = ({ x }) => x + width / 2;
  if (from.row === to.row) {
    const right = to.x > from.x;
    const [x1, x2] = right ? [from.x + width, to.x] : [from.x, to.x + width];
    const y = from.y + height / 2;
    const isNext = Math.abs(x2 - x1) < width;
    const bow = isNext ? 0 : -(height / 2 + 22);
    return {
      path: isNext
        ? `M${x1} ${y}L${x2} ${y}`
        : `M${from.x + width / 2} ${from.y}C${from.x + width / 2} ${from.y + bow},${to.x + width / 2} ${to.y + bow},${to.x + width / 2} ${to.y}`,
      x: (x1 + x2) / 2,
      y: isNext ? y - 6 : from.y + bow * 0.62,
    };
  }
  const down = to.y > from.y;
  const [y1, y2] = down ? [from.y + height, to.y] : [from.y, to.y + height];
  const [x1, x2] = [middle(from) + (down ? 8 : -8), middle(to) + (down ? 8 : -8)];
  const reach = Math.max(26, Math.abs(y2 - y1) * 0.45) * (down ? 1 : -1);
  const part = 0.7;
  return {
    path: `M${x1} ${y1}C${x1} ${y1 + reach},${x2} ${y2 - reach},${x2} ${y2}`,
    x: bezier(x1, x1, x2, x2, part),
    y: bezier(y1, y1 + reach, y2 - reach, y2, part),
  };
}

const bezier = (a, b, c, d, t) => (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d;
