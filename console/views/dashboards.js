import { useAnswer } from '../lib/api.js';
import { Empty, Loading, Problem, View } from '../lib/parts.js';
import { Widget } from '../lib/widgets.js';
import { html, useEffect, useMemo, useState } from '../vendor/ui.js';

const ranges = [
  { title: '5 minutes', ms: 300_000 },
  { title: '15 minutes', ms: 900_000 },
  { title: '30 minutes', ms: 1_800_000 },
  { title: '1 hour', ms: 3_600_000 },
  { title: '3 hours', ms: 10_800_000 },
  { title: '12 hours', ms: 43_200_000 },
  { title: '1 day', ms: 86_400_000 },
  { title: '3 days', ms: 259_200_000 },
];
const refreshes = [
  { title: 'off', ms: 0 },
  { title: '5 s', ms: 5000 },
  { title: '30 s', ms: 30_000 },
  { title: '1 min', ms: 60_000 },
];

/** The dashboards of the templates, on CloudWatch's grid of 24 columns. The place tells which one is open. */
export default function Dashboards({ place: [picked] }) {
  const { data, error } = useAnswer('/api/dashboards');
  const [chosen, setSpan] = useState();
  const [every, setEvery] = useState(5000);
  const [now, setNow] = useState(Date.now());
  const names = data?.dashboards.map(({ name }) => name) ?? [];
  const name = picked ?? names[0];
  const dashboard = useAnswer(name && `/api/dashboards/${encodeURIComponent(name)}`);
  const span = chosen ?? spanAtFirst(dashboard.data?.body ?? {}, Date.now() - (data?.since ?? 0));
  useEffect(() => {
    if (every === 0) return undefined;
    const timer = setInterval(() => document.hidden || setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  const range = useMemo(() => ({ from: now - span, to: now }), [now, span]);
  return html`<${View}
    title="Dashboards"
    note="As the templates declare them, with the numbers that this run emits."
    actions=${
      names.length > 0 &&
      html`
        <${Choice} title="Dashboard" value=${name} options=${names.map((one) => [one, one])} onChange=${open} />
        <${Choice} title="Time" value=${span} options=${ranges.map(({ title, ms }) => [ms, title])} onChange=${(value) => setSpan(Number(value))} />
        <${Choice} title="Refresh" value=${every} options=${refreshes.map(({ title, ms }) => [ms, title])} onChange=${(value) => setEvery(Number(value))} />
        <button type="button" onClick=${() => setNow(Date.now())}>Refresh now</button>
      `
    }
  >
    <${Problem} message=${error} />
    ${!data && !error && html`<${Loading} what="Asking" />`}
    ${data && names.length === 0 && html`<${Empty}>The templates have no dashboards.<//>`}
    <${Problem} message=${dashboard.error} />
    ${dashboard.data && html`<${Grid} key=${name} widgets=${dashboard.data.body.widgets ?? []} range=${range} />`}
  <//>`;
}

const open = (name) => {
  location.hash = `#/dashboards/${encodeURIComponent(name)}`;
};

const Choice = ({ title, value, options, onChange }) => html`<label class="field">
  ${title}
  <select value=${value} onChange=${(event) => onChange(event.target.value)}>
    ${options.map(([id, text]) => html`<option value=${id}>${text}</option>`)}
  </select>
</label>`;

/**
 * What a dashboard shows until somebody chooses: since `start` as it says, such as `-PT3H`, but not much more than there
 * is of a run that has just begun, and no less than its longest period.
 */
function spanAtFirst({ start, widgets = [] }, ranForMs) {
  const [, days, hours, minutes] = /^-P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(start ?? '') ?? [];
  const said = Number(days ?? 0) * 86_400_000 + Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000;
  const most = ranges.findLast(({ ms }) => ms <= said)?.ms ?? 3_600_000;
  const periods = [...JSON.stringify(widgets).matchAll(/"period":(\d+)/g)].map(([, seconds]) => Number(seconds) * 1000);
  const least = Math.max(ranForMs, ...periods);
  return Math.min(most, (ranges.find(({ ms }) => ms >= least) ?? ranges.at(-1)).ms);
}

function Grid({ widgets, range }) {
  return html`<div class="dashboard">
    ${placed(widgets).map(
      (widget, at) => html`<div
        key=${at}
        class=${`cell of-${widget.type}`}
        style=${{ gridColumn: `${widget.x + 1} / span ${widget.width}`, gridRow: `${widget.y + 1} / span ${widget.height}` }}
      >
        <${Widget} widget=${widget} range=${range} />
      </div>`,
    )}
  </div>`;
}

/** Sizes as CloudWatch takes them where a widget does not say; those without a place follow each other. */
function placed(widgets) {
  let y = 0;
  return widgets.map((widget) => {
    const at = { x: 0, y, width: 6, height: 6, ...widget };
    y = Math.max(y, at.y + at.height);
    return at;
  });
}
