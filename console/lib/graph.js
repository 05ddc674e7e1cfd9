import { html, useEffect, useMemo, useRef, useState } from '../vendor/ui.js';
import { healthOf, isFlow, rateText, shortName } from './flow.js';
import { laidOut, ordered } from './layout.js';
import { labelPlaces, pathOf } from './route.js';

const healths = ['quiet', 'ok', 'late', 'failing'];

/** The pipeline as boxes and arrows. What is chosen, or pointed at, shows its own arrows alone. */
export function Graph({ topology, live, chosen, onChoose, width }) {
  const [over, setOver] = useState();
  const layout = useMemo(() => laidOut(topology, width), [topology, width]);
  const { box } = layout;
  const near = over ?? chosen;
  const isNear = ({ from, to }) => near === undefined || from === near || to === near;
  const healthOfEdge = ({ id }) => live?.edges[id]?.health ?? 'quiet';
  // What moves is drawn over what does not.
  const drawn = [...topology.edges].sort((a, b) => healths.indexOf(healthOfEdge(a)) - healths.indexOf(healthOfEdge(b)));
  const labelled = topology.edges
    .filter(isNear)
    .map((edge) => ({ id: edge.id, points: layout.edges.get(edge.id), text: rateText(live?.edges[edge.id]) }))
    .filter(({ text }) => text !== '');
  const places = labelPlaces(
    labelled,
    [...layout.nodes.values()].map(({ x, y }) => ({ x, y, ...box })),
  );
  return html`<div class="graph" style=${{ height: `${layout.height}px` }}>
    ${layout.bands.map(
      ({ name, top, height }) =>
        html`<div class="band" key=${name} style=${{ top: `${top}px`, height: `${height}px` }}><span>${name}</span></div>`,
    )}
    <svg width=${width} height=${layout.height} aria-hidden="true" focusable="false">
      <defs>
        ${healths.map(
          (health) =>
            html`<marker id=${`end-${health}`} viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" orient="auto">
              <path d="M0 0 8 4 0 8z" class=${`fill ${health}`} />
            </marker>`,
        )}
      </defs>
      ${drawn.map((edge) => {
        const health = healthOfEdge(edge);
        return html`<path
          key=${edge.id}
          d=${pathOf(layout.edges.get(edge.id))}
          class=${`edge ${health} ${edge.how} ${isNear(edge) ? '' : 'far'}`}
          marker-end=${`url(#end-${health})`}
        />`;
      })}
      ${labelled.map(
        ({ id, text }, at) =>
          html`<text key=${id} x=${places[at].x} y=${places[at].y} dy="0.35em" class=${`rate ${live.edges[id].health}`}>${text}</text>`,
      )}
    </svg>
    ${topology.nodes.map((node) => {
      const { x, y } = layout.nodes.get(node.id);
      return html`<div
        key=${node.id}
        class="place"
        style=${{ left: `${x}px`, top: `${y}px`, width: `${box.width}px`, height: `${box.height}px` }}
      >
        <button
          type="button"
          class=${`node ${healthOf(node, topology, live)}`}
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
        </button>
        <${NodeAlarms} names=${live?.alarmsAt?.[node.id]} />
      </div>`;
    })}
  </div>`;
}

/** Those in ALARM that watch a box; one leads to itself, several to the list. */
const NodeAlarms = ({ names = [] }) =>
  names.length > 0 &&
  html`<a
    class="badge failing node-alarms"
    href=${names.length === 1 ? `#/alarms/${encodeURIComponent(names[0])}` : '#/alarms'}
    title=${names.join('\n')}
    >! ${names.length}<span class="hidden">in alarm: ${names.join(', ')}</span></a
  >`;

/** The boxes one below the other, each with what comes into it: for where arrows have no room. */
export function List({ topology, live, chosen, onChoose }) {
  const nodeOf = new Map(topology.nodes.map((node) => [node.id, node]));
  return topology.capabilities.map(
    (name) => html`<section class="flow-list" key=${name} aria-label=${name}>
      <h2>${name}</h2>
      ${ordered(
        topology.nodes.filter(({ capability }) => capability === name),
        topology.edges.filter(isFlow),
      ).map((node) => {
        const into = topology.edges
          .filter(({ to }) => to === node.id)
          .map((edge) => ({ edge, text: rateText(live?.edges[edge.id]) }))
          .filter(({ text }) => text !== '');
        return html`<div class="place" key=${node.id}>
            <button
              type="button"
              class=${`node ${healthOf(node, topology, live)}`}
              aria-expanded=${String(chosen === node.id)}
              onClick=${() => onChoose(node.id)}
            >
              <small>${node.kind}${node.members.length > 1 ? ` × ${node.members.length}` : ''}</small>${' '}
              <b>${shortName(node)}</b>
              ${into.map(
                ({ edge, text }) =>
                  html`<span class=${`comes ${live.edges[edge.id].health}`}><span>${kindAndName(nodeOf.get(edge.from))} →</span> ${text}</span>`,
              )}
            </button>
            <${NodeAlarms} names=${live?.alarmsAt?.[node.id]} />
          </div>`;
      })}
    </section>`,
  );
}

const kindAndName = (node) => `${node.kind} ${shortName(node)}`;

/** The width that an element has, as it changes. */
export function useWidth(initial) {
  const holder = useRef(null);
  const [width, setWidth] = useState(initial);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    observer.observe(holder.current);
    return () => observer.disconnect();
  }, []);
  return { holder, width };
}
