import { uPlot } from '../vendor/chart.js';
import { html, useEffect, useRef } from '../vendor/ui.js';
import { brief } from './format.js';

const seriesColours = 6;
const seen = matchMedia('(prefers-color-scheme: dark)');

/** A colour of the page's style as it is now. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const seriesColour = (at) => colour(`--series-${(at % seriesColours) + 1}`);

/**
 * Lines over time, or stacked areas.
 * @param lines [{label, timestamps (ms), values, axis, color}]
 * @param annotations [{value, label}] horizontal lines
 */
export function TimeChart({ lines, height, from, to, stacked = false, units = {}, annotations = [], label }) {
  const holder = useRef(null);
  useEffect(() => {
    if (!holder.current) return undefined;
    const parent = holder.current;
    let chart;
    const draw = () => {
      chart?.destroy();
      chart = new uPlot(
        options({ lines, height, from, to, stacked, units, annotations, width: parent.clientWidth }),
        dataOf(lines, stacked),
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
  return html`<figure class="chart" role="img" aria-label=${`${label}: ${summaryOf(lines)}`}><div ref=${holder}></div></figure>`;
}

const summaryOf = (lines) =>
  lines.map(({ label, values }) => `${label} ${values.length === 0 ? 'no data' : brief(values.at(-1))}`).join(', ');

function dataOf(lines, stacked) {
  const times = [...new Set(lines.flatMap(({ timestamps }) => timestamps))].sort((a, b) => a - b);
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

function options({ lines, width, height, from, to, stacked, units, annotations }) {
  const [text, rule] = [colour('--muted'), colour('--rule')];
  const axis = { stroke: text, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 } };
  const hasRight = lines.some((line) => line.axis === 'right');
  const scale = { auto: true, range: (_, min, max) => [Math.min(0, min ?? 0), max > 0 ? max * 1.08 : 1] };
  return {
    width,
    height,
    legend: { show: true, live: true },
    cursor: { y: false },
    scales: { x: { time: true, range: [from / 1000, to / 1000] }, left: scale, right: scale },
    axes: [
      { ...axis },
      { ...axis, scale: 'left', size: 56, label: units.left, values: (_, ticks) => ticks.map(brief) },
      ...(hasRight
        ? [
            {
              ...axis,
              scale: 'right',
              side: 1,
              size: 56,
              grid: { show: false },
              label: units.right,
              values: (_, ticks) => ticks.map(brief),
            },
          ]
        : []),
    ],
    series: [
      { value: (_, time) => (time === null ? '' : new Date(time * 1000).toLocaleTimeString('en-GB')) },
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
          value: (_, shown) => (shown === null || shown === undefined ? '' : brief(shown)),
        };
      }),
    ],
    hooks: { draw: [(chart) => drawAnnotations(chart, annotations)] },
  };
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
