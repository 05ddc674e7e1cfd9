import { uPlot } from '../vendor/chart.js';
import { html, useEffect, useMemo, useRef, useState } from '../vendor/ui.js';
import { brief, clock } from './format.js';

const seriesColours = 8;
const dayMs = 86_400_000;
/** Of a time with seconds. */
const tickWidth = 58;
const seen = matchMedia('(prefers-color-scheme: dark)');

// Before the first chart, and not before the first view.
document.head.prepend(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/vendor/chart.css' }));

/** A colour of the page's style as it is now. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const seriesColour = (at) => colour(`--series-${(at % seriesColours) + 1}`);

/**
 * Lines over time, or stacked areas; below them the newest value of each, or those where the pointer is.
 * @param lines [{label, timestamps (ms), values, axis, color}]
 * @param annotations [{value, label}] horizontal lines
 */
export function TimeChart({ lines, height, from, to, stacked = false, units = {}, annotations = [], label }) {
  const holder = useRef(null);
  const [at, setAt] = useState(null);
  const times = useMemo(() => timesOf(lines), [lines]);
  useEffect(() => {
    if (!holder.current) return undefined;
    const parent = holder.current;
    let chart;
    const draw = () => {
      chart?.destroy();
      const width = parent.clientWidth;
      // A period that the time begins in is told by its own beginning.
      const begin = Math.min(from, times[0] ?? from);
      const pointed = ({ cursor }) => setAt(cursor.idx ?? null);
      chart = new uPlot(
        options({ lines, height, from: begin, to, stacked, units, annotations, width, pointed }),
        dataOf(lines, times, stacked),
        parent,
      );
    };
    draw();
    const observer = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height }));
    observer.observe(parent);
    seen.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      seen.removeEventListener('change', draw);
      chart.destroy();
    };
  }, [lines, height, from, to, stacked]);
  const pointedAt = at === null ? undefined : times[at];
  return html`<figure class="chart">
    <div ref=${holder} role="img" aria-label=${`${label}: ${summaryOf(lines)}`}></div>
    <ul class="chart-legend" aria-hidden="true">
      ${pointedAt !== undefined && html`<li><time>${clock(pointedAt)}</time></li>`}
      ${lines.map(
        (line, index) => html`<li>
          <span class="swatch" style=${{ background: line.color ?? `var(--series-${(index % seriesColours) + 1})` }}></span>
          ${line.label} <b>${brief(pointedAt === undefined ? line.values.at(-1) : line.values[line.timestamps.indexOf(pointedAt)])}</b>
        </li>`,
      )}
    </ul>
  </figure>`;
}

const summaryOf = (lines) =>
  lines.map(({ label, values }) => `${label} ${values.length === 0 ? 'no data' : brief(values.at(-1))}`).join(', ');

const timesOf = (lines) => [...new Set(lines.flatMap(({ timestamps }) => timestamps))].sort((a, b) => a - b);

function dataOf(lines, times, stacked) {
  const rows = lines.map(({ timestamps, values }) => {
    const at = new Map(timestamps.map((time, index) => [time, values[index]]));
    return times.map((time) => at.get(time) ?? null);
  });
  const drawn = stacked ? summedUp(rows) : rows;
  return [times.map((time) => time / 1000), ...drawn];
}

/** Each row on those before it. */
function summedUp(rows) {
  const below = [];
  return rows.map((row) =>
    row.map((value, at) => {
      below[at] = (below[at] ?? 0) + (value ?? 0);
      return below[at];
    }),
  );
}

function options({ lines, width, height, from, to, stacked, units, annotations, pointed }) {
  const [text, rule] = [colour('--muted'), colour('--rule')];
  const axis = { stroke: text, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 } };
  const hasRight = lines.some((line) => line.axis === 'right');
  const scale = { auto: true, range: (_, min, max) => [Math.min(0, min ?? 0), max > 0 ? max * 1.08 : 1] };
  return {
    width,
    height,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: true, range: [from / 1000, to / 1000] }, left: scale, right: scale },
    axes: [
      { ...axis, size: to - from > dayMs ? 44 : 28, space: tickWidth, values: clockTicks },
      { ...axis, scale: 'left', size: 48, labelSize: 20, label: units.left, values: (_, ticks) => ticks.map(brief) },
      ...(hasRight
        ? [
            {
              ...axis,
              scale: 'right',
              side: 1,
              size: 48,
              labelSize: 20,
              grid: { show: false },
              label: units.right,
              values: (_, ticks) => ticks.map(brief),
            },
          ]
        : []),
    ],
    series: [
      {},
      ...lines.map((line, at) => {
        const stroke = line.color ?? seriesColour(at);
        return {
          label: line.label,
          scale: line.axis === 'right' ? 'right' : 'left',
          stroke,
          width: 1.6,
          fill: stacked ? `${stroke}55` : undefined,
          spanGaps: true,
          points: { show: line.values.length < 3 },
        };
      }),
    ],
    // An area ends where the one below it begins.
    bands: stacked ? lines.slice(1).map((_, at) => ({ series: [at + 2, at + 1] })) : [],
    hooks: { draw: [(chart) => drawAnnotations(chart, annotations)], setCursor: [pointed] },
  };
}

/** Hours and minutes as everywhere on the page; the day at the first tick of one, where there are several. */
function clockTicks(_, ticks) {
  const days = new Set(ticks.map((tick) => new Date(tick * 1000).toDateString()));
  return ticks.map((tick, at) => {
    const time = new Date(tick * 1000);
    const isNewDay = at === 0 || new Date(ticks[at - 1] * 1000).toDateString() !== time.toDateString();
    const day =
      days.size > 1 && isNewDay ? `\n${time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}` : '';
    const seconds = ticks.length > 1 && ticks[1] - ticks[0] < 60 ? { second: '2-digit' } : {};
    return time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...seconds }) + day;
  });
}

function drawAnnotations(chart, annotations) {
  const { ctx, bbox } = chart;
  for (const { value, label } of annotations) {
    const y = chart.valToPos(value, 'left', true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.save();
    ctx.strokeStyle = colour('--failing');
    ctx.fillStyle = colour('--failing');
    ctx.setLineDash([6, 4]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    if (label) ctx.fillText(label, bbox.left + 4, y - 4);
    ctx.restore();
  }
}
