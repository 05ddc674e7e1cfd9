import { useAnswer } from '../lib/api.js';
import { isFlow } from '../lib/flow.js';
import { brief, clock, count, duration, logLine, pretty } from '../lib/format.js';
import { Graph, List, useWidth } from '../lib/graph.js';
import { Empty, Loading, Panel, Problem, Table, Tabs, View } from '../lib/parts.js';
import { html, useMemo, useState } from '../vendor/ui.js';

/** Below it arrows have no room between boxes. */
const leastWidth = 640;

const titles = { reads: 'reads', writes: 'writes to', calls: 'calls', asks: 'is read by' };

/** The pipeline, drawn from the templates, with what moves along each arrow. */
export default function Flow({ live }) {
  const { data: topology, error } = useAnswer('/api/topology');
  const [chosen, setChosen] = useState();
  const [asks, setAsks] = useState(false);
  const shown = useMemo(
    () => topology && { ...topology, edges: topology.edges.filter((edge) => asks || isFlow(edge)) },
    [topology, asks],
  );
  if (!topology)
    return html`<${View} title="Flow"><${Problem} message=${error} /><${Loading} what="Reading the templates" /><//>`;
  const node = topology.nodes.find(({ id }) => id === chosen);
  return html`<${View}
    title="Flow"
    note="Drawn from the deployed templates: who reads, writes and calls what, as mappings, integrations and policies say. Rates are of the last seconds."
    actions=${html`<label class="check"><input type="checkbox" checked=${asks} onChange=${() => setAsks(!asks)} /> Show look-ups too</label>`}
  >
    <${Summary} topology=${topology} live=${live} />
    <${Caused} />
    <${Picture} topology=${shown} live=${live} chosen=${chosen} onChoose=${setChosen} />
    <${Legend} />
    <details class="all-edges">
      <summary>All arrows as a table</summary>
      <${EdgeTable} topology=${topology} live=${live} />
    </details>
    ${node && html`<${NodePanel} key=${node.id} node=${node} onClose=${() => setChosen(undefined)} />`}
  <//>`;
}

function Picture(props) {
  const { holder, width } = useWidth(0);
  const Drawn = width < leastWidth ? List : Graph;
  return html`<div ref=${holder}>${width > 0 && html`<${Drawn} ...${props} width=${width} />`}</div>`;
}

const wholeNumber = (value) => (value === null || value === undefined ? '–' : count(value));

/** Where the records have come since the start, beside what moves now. */
function Summary({ topology, live }) {
  const { data } = useAnswer('/api/totals');
  if (!live) return null;
  const kindOf = new Map(topology.nodes.map(({ id, type }) => [id, type]));
  const into = (type) =>
    topology.edges
      .filter(({ to, how }) => kindOf.get(to) === type && how === 'writes')
      .reduce((sum, { id }) => sum + (live.edges[id]?.rate ?? 0), 0);
  const states = Object.values(live.edges);
  const lags = states.flatMap(({ lag }) => lag ?? []);
  // Every arrow to a box tells the same errors, those of its end.
  const failed = new Map(topology.edges.map(({ id, to }) => [to, live.edges[id]?.errors ?? 0]));
  const errors = [...failed.values()].reduce((sum, one) => sum + one, 0);
  return html`<div class="summary">
    <div>
      <dl class="facts main" aria-label=${`Records since ${clock(live.since)}`}>
        ${(data?.totals ?? []).map(({ name, title }) => {
          const value = live.totals[name];
          return html`<div key=${name} class=${name}>
            <dt>${title}</dt>
            <dd class=${name === 'lost' && value > 0 ? 'failing' : ''}>${wholeNumber(value)}</dd>
          </div>`;
        })}
      </dl>
      <p class="note">records since ${clock(live.since)}${live.totals.lost === null ? '; loss is known once the batch layer has run' : ''}</p>
    </div>
    <dl class="facts">
      <div><dt>Into streams</dt><dd>${brief(into('AWS::Kinesis::Stream'))} <small>/s</small></dd></div>
      <div><dt>Into topics</dt><dd>${brief(into('AWS::MSK::Topic'))} <small>/s</small></dd></div>
      <div><dt>Oldest waiting</dt><dd>${lags.length === 0 ? '–' : duration(Math.max(...lags))}</dd></div>
      <div><dt>Errors, last 30 s</dt><dd class=${errors > 0 ? 'failing' : ''}>${brief(errors)}</dd></div>
    </dl>
  </div>`;
}

const causedEveryMs = 3000;

/** Engines that somebody stopped, and faults that somebody causes: what is wrong then is meant to be. */
function Caused() {
  const engines = useAnswer('/api/engines', causedEveryMs);
  const faults = useAnswer('/api/faults', causedEveryMs);
  const stopped = (engines.data?.engines ?? []).filter(({ running }) => !running);
  const begun = (faults.data?.faults ?? []).filter(({ running }) => running);
  const problem = engines.error ?? faults.error;
  if (problem) return html`<${Problem} message=${problem} />`;
  if (stopped.length + begun.length === 0) return null;
  return html`<ul class="caused">
    ${stopped.map(({ name }) => html`<li>The engine ${name} does not run. If it was stopped by hand: <code>npm run engine -- start ${name}</code></li>`)}
    ${begun.map(({ name, describe }) => html`<li>The fault ${name} is on: ${describe}. <code>npm run fault -- stop ${name}</code></li>`)}
  </ul>`;
}

const Legend = () =>
  html`<p class="legend" aria-hidden="true">
    <span class="line ok"></span> moving <span class="line quiet"></span> quiet
    <span class="line late"></span> over 30 s behind <span class="line failing"></span> errors
  </p>`;

function EdgeTable({ topology, live }) {
  const nameOf = new Map(topology.nodes.map((node) => [node.id, `${node.kind} ${nodeName(node)}`]));
  const rows = topology.edges.map(({ id, from, to, how }) => {
    const state = live?.edges[id];
    const rate = state?.rate === null || !state ? '–' : `${brief(state.rate)} ${state.unit}/s`;
    return [
      nameOf.get(from),
      titles[how],
      nameOf.get(to),
      rate,
      state?.lag == null ? '–' : duration(state.lag),
      state?.health ?? '–',
    ];
  });
  return html`<${Table} label="Arrows" columns=${['From', 'How', 'To', 'Rate', 'Behind', 'Health']} rows=${rows} />`;
}

const nodeName = ({ members }) =>
  members.length === 1 ? members[0].name : `${members[0].name} and ${members.length - 1} more`;

function NodePanel({ node, onClose }) {
  const [member, setMember] = useState(node.members[0].id);
  const [tab, setTab] = useState(node.holdsRecords ? 'records' : 'logs');
  const { name } = node.members.find(({ id }) => id === member);
  return html`<${Panel} title=${`${node.kind} ${name}`} onClose=${onClose}>
    ${
      node.members.length > 1 &&
      html`<label class="field">
        Which
        <select value=${member} onChange=${(event) => setMember(event.target.value)}>
          ${node.members.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
        </select>
      </label>`
    }
    <${Tabs}
      label="About this resource"
      selected=${tab}
      onSelect=${setTab}
      tabs=${[
        ...(node.holdsRecords ? [{ id: 'records', title: 'Records' }] : []),
        { id: 'logs', title: 'Logs' },
        { id: 'template', title: 'Template' },
      ]}
    />
    <${ResourcePart} key=${`${member} ${tab}`} id=${member} part=${tab} />
  <//>`;
}

function ResourcePart({ id, part }) {
  const path = `/api/resources/${id.split('/').map(encodeURIComponent).join('/')}${part === 'template' ? '' : `/${part}`}`;
  const { data, error } = useAnswer(path, part === 'template' ? 0 : 3000);
  if (!data) return error ? html`<${Problem} message=${error} />` : html`<${Loading} what="Reading" />`;
  return html`<${Problem} message=${error} />${drawn[part](data)}`;
}

/** `partition 0, offset 17`; a sequence number is told by its end. */
const placeText = (place) =>
  Object.entries(place)
    .map(([name, value]) => `${name} ${value.length > 24 ? `…${value.slice(-12)}` : value}`)
    .join(', ');

const oneLine = 100;

const Value = ({ text, label }) =>
  text.length < oneLine && !text.includes('\n')
    ? html`<p class="note">${text}</p>`
    : html`<pre tabindex="0" aria-label=${label}>${text}</pre>`;

const drawn = {
  template: ({ type, path, ref, template }) => html`<dl class="pairs">
      <dt>Type</dt><dd>${type}</dd>
      <dt>Construct</dt><dd>${path}</dd>
      <dt>Physical id</dt><dd>${ref}</dd>
    </dl>
    <pre tabindex="0">${JSON.stringify(template, undefined, 2)}</pre>`,
  logs: ({ groups, events }) =>
    groups.length === 0
      ? html`<${Empty}>It has no log group.<//>`
      : html`<p class="note">${groups.join(', ')}</p>
          ${events.length === 0 && html`<${Empty}>Nothing was logged yet.<//>`}
          <ol class="log" tabindex="0" aria-label="Log, newest first">
            ${events.map(({ time, message }) => html`<li><time>${clock(time)}</time><code>${logLine(message).slice(0, 2000)}</code></li>`)}
          </ol>`,
  records: ({ records }) =>
    records.length === 0
      ? html`<${Empty}>It holds nothing.<//>`
      : html`${records[0].time === null && html`<p class="note">Some of its items, in the order of a scan.</p>`}
          <ol class="records">
            ${records.map(
              ({ time, place, key, value }) =>
                html`<li key=${place ? Object.values(place).join(' ') : key}>
                  <p>
                    ${time !== null && html`<time>${clock(time)}</time>`}
                    ${' '}${place && html`<span class="note">${placeText(place)}, key</span>`} <code>${key}</code>
                  </p>
                  <${Value} text=${pretty(value).slice(0, 4000)} label=${key} />
                </li>`,
            )}
          </ol>`,
};
