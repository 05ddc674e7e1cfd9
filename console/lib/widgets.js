import { html, useEffect, useRef, useState } from '../vendor/ui.js';
import { isToldElsewhere, post, useAnswer } from './api.js';
import { seriesColour, TimeChart } from './chart.js';
import { brief, clock, commonBeginning, logLine } from './format.js';
import { markdown } from './markdown.js';
import { Badge, Empty, Loading, Problem } from './parts.js';
import { turns, useInView } from './turns.js';

/** Of the grid, with the gap. */
const rowHeight = 64;
/** Of a widget around its chart: title, legend, padding. */
const aroundChart = 100;
const alarmKinds = { ALARM: 'failing', INSUFFICIENT_DATA: 'quiet', OK: 'ok' };
const alarmOrder = Object.keys(alarmKinds);

/** Functions behind widgets run one after the other beyond a few, each not more often than this. */
const inTurn = turns(2);
const calledEveryMs = 15_000;

/** One widget of a dashboard. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
export function Widget({ widget, range: now }) {
  const { holder, isInView } = useInView();
  const seen = useRef(undefined);
  if (isInView) seen.current = now;
  const range = seen.current;
  const Drawn = widgets[widget.type];
  const { title, markdown: text = widget.type } = widget.properties ?? {};
  const name = title ?? text.split('\n')[0].replace(/^#+ /, '');
  if (!Drawn) return html`<${Problem} message=${`Widgets of the type ${widget.type} are not drawn here.`} />`;
  return html`<section class="widget" tabindex="0" ref=${holder} aria-label=${name}>
    ${title && html`<h2>${title}</h2>`}
    ${range === undefined && widget.type !== 'text' && html`<div class="waiting" aria-hidden="true"></div>`}
    ${(range || widget.type === 'text') && html`<${Drawn} properties=${widget.properties ?? {}} widget=${widget} range=${range} title=${name} />`}
  </section>`;
}

/** Asks again when the range moves; what was there stays until an answer to a later question is. */
function useLines({ metrics, stat, period, setPeriodToTimeRange }, { from, to }, coarsest) {
  const [state, setState] = useState({ turn: 0 });
  const asked = useRef(0);
  useEffect(() => {
    if (!metrics) return;
    const turn = ++asked.current;
    const tell = (said) => setState((before) => (before.turn > turn ? before : { ...before, ...said, turn }));
    post('/api/metric-data', {
      metrics,
      stat,
      period,
      from,
      to,
      coarsest: coarsest && (setPeriodToTimeRange ?? false),
    }).then(
      ({ lines }) => tell({ lines, range: { from, to }, error: undefined }),
      (error) => isToldElsewhere(error) || tell({ error: error.message }),
    );
  }, [from, to]);
  return state;
}

function Metric({ properties, widget, range, title }) {
  const { view = 'timeSeries', stacked = false } = properties;
  const single = view === 'singleValue' || view === 'gauge';
  const { lines, error, range: shown } = useLines(properties, range, single);
  if (properties.annotations?.alarms && !properties.metrics) {
    return html`<${AlarmStatus} properties=${{ alarms: properties.annotations.alarms }} />`;
  }
  if (!lines) return error ? html`<${Problem} message=${error} />` : html`<${Loading} what="Reading" />`;
  const height = Math.max(120, widget.height * rowHeight - aroundChart);
  const draw = { singleValue: Numbers, gauge: Gauges, bar: BarsNow, pie: BarsNow, table: Values }[view];
  return html`<${Problem} message=${error} />
    ${
      draw
        ? html`<${draw} lines=${lines} properties=${properties} />`
        : lines.every(({ values }) => values.length === 0)
          ? html`<${Empty}>No data in this time.<//>`
          : html`<${TimeChart}
              lines=${lines}
              height=${height}
              from=${shown.from}
              to=${shown.to}
              stacked=${stacked}
              units=${{ left: properties.yAxis?.left?.label, right: properties.yAxis?.right?.label }}
              annotations=${properties.annotations?.horizontal ?? []}
              label=${title}
            />`
    }`;
}

const latest = ({ values }) => values.at(-1);

const Numbers = ({ lines }) => html`<dl class="numbers">
  ${lines.map((line) => html`<div><dt>${line.label}</dt><dd>${brief(latest(line))}</dd></div>`)}
</dl>`;

const arc = 'M10 60A50 50 0 0 1 110 60';

function Gauges({ lines, properties }) {
  const { min = 0, max = 100 } = properties.yAxis?.left ?? {};
  const share = (value) => Math.min(100, Math.max(0, (100 * (value - min)) / (max - min)));
  return html`<div class="gauges">
    ${lines.map((line) => {
      const value = latest(line) ?? min;
      return html`<div role="meter" aria-label=${line.label} aria-valuemin=${min} aria-valuemax=${max} aria-valuenow=${value}>
        <svg viewBox="0 0 120 78" aria-hidden="true">
          <path d=${arc} pathLength="100" />
          <path d=${arc} pathLength="100" class="filled" stroke-dasharray=${`${share(value)} 200`} />
          <text x="60" y="58" class="gauge-value">${brief(latest(line))}</text>
          <text x="10" y="75">${brief(min)}</text><text x="110" y="75">${brief(max)}</text>
        </svg>
        <span>${line.label}</span>
      </div>`;
    })}
  </div>`;
}

function BarsNow({ lines }) {
  const most = Math.max(0, ...lines.map((line) => latest(line) ?? 0));
  const common = commonBeginning(lines.map(({ label }) => label));
  return html`<ul class="bars">
    ${lines.map(
      (line, at) => html`<li>
        <span class="bar-name" title=${line.label}>${line.label.slice(common.length)}</span>
        <span class="bar"><span style=${{ width: `${most > 0 ? (100 * (latest(line) ?? 0)) / most : 0}%`, background: line.color ?? seriesColour(at) }}></span></span>
        <span class="bar-value">${brief(latest(line))}</span>
      </li>`,
    )}
  </ul>`;
}

const Values = ({ lines }) => html`<table>
  <tbody>
    ${lines.map((line) => html`<tr><th scope="row">${line.label}</th><td class="number">${brief(latest(line))}</td></tr>`)}
  </tbody>
</table>`;

const Text = ({ properties }) => html`<div class="text">${markdown(properties.markdown ?? '', 2)}</div>`;

function AlarmStatus({ properties }) {
  const { data, error } = useAnswer('/api/alarms', 5000);
  if (!data) return error ? html`<${Problem} message=${error} />` : html`<${Loading} what="Asking" />`;
  const wanted = properties.alarms ?? [];
  const shown = data.alarms
    .filter(({ arn }) => wanted.includes(arn))
    .sort((a, b) => alarmOrder.indexOf(a.state.value) - alarmOrder.indexOf(b.state.value));
  const common = commonBeginning(shown.map(({ name }) => name));
  const missing = wanted.length - shown.length;
  return html`<ul class="alarm-status">
      ${shown.map(
        ({ name, state }) => html`<li>
          <${Badge} kind=${alarmKinds[state.value]}>${state.value.toLowerCase().replace('_', ' ')}<//>
          ${' '}<a href=${`#/alarms/${encodeURIComponent(name)}`} title=${`${name}: ${state.reason}`}>${name.slice(common.length)}</a>
        </li>`,
      )}
    </ul>
    ${missing > 0 && html`<${Problem} message=${`${missing} alarms of this widget do not exist.`} />`}`;
}

function Custom({ properties, widget, range, title }) {
  const [state, setState] = useState({});
  const holder = useRef(null);
  const { endpoint, params } = properties;
  const last = useRef(0);
  useEffect(() => {
    if (Date.now() - last.current < calledEveryMs) return;
    last.current = Date.now();
    const widgetContext = {
      title,
      timeRange: { mode: 'relative', start: range.from, end: range.to, relativeStart: range.to - range.from },
      theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
      width: holder.current?.clientWidth ?? 0,
      height: widget.height * rowHeight,
      params,
      forms: { all: {} },
    };
    inTurn(() => post('/api/widget', { endpoint, params, widgetContext })).then(
      setState,
      (error) => isToldElsewhere(error) || setState((before) => ({ ...before, error: error.message })),
    );
  }, [range.to, range.from]);
  useEffect(() => {
    if (state.html !== undefined && holder.current) holder.current.replaceChildren(...inert(state.html));
  }, [state.html]);
  return html`<${Problem} message=${state.error} />
    ${!('html' in state || 'json' in state || 'error' in state) && html`<div class="waiting" role="status"><span class="hidden">Asking</span></div>`}
    ${state.json !== undefined && html`<pre tabindex="0">${JSON.stringify(state.json, undefined, 2)}</pre>`}
    <div class="custom" ref=${holder}></div>`;
}

/** Elements that do nothing by themselves: the page's policy forbids scripts besides. */
function inert(text) {
  const { body } = new DOMParser().parseFromString(text, 'text/html');
  for (const element of body.querySelectorAll('script, style, link, iframe, object, embed, form, meta, base'))
    element.remove();
  for (const element of body.querySelectorAll('*')) {
    for (const { name, value } of [...element.attributes]) {
      const isUnsafe = /(^|:)href$|^src$|action$/i.test(name) && !/^(https?:\/\/|\/(?!\/)|#)/i.test(value);
      if (/^on/i.test(name) || isUnsafe) element.removeAttribute(name);
    }
  }
  return body.childNodes;
}

function Log({ properties }) {
  const { data, error } = useAnswer(`/api/log-widget?query=${encodeURIComponent(properties.query ?? '')}`, 5000);
  if (!data) return error ? html`<${Problem} message=${error} />` : html`<${Loading} what="Reading" />`;
  return html`<ol class="log" tabindex="0" aria-label="Log, newest first">
    ${data.events.map(({ time, message }) => html`<li><time>${clock(time)}</time><code>${logLine(message).slice(0, 500)}</code></li>`)}
  </ol>`;
}

const widgets = { metric: Metric, text: Text, alarm: AlarmStatus, custom: Custom, log: Log };
