import { useAnswer } from '../lib/api.js';
import { clock, count, duration, words } from '../lib/format.js';
import { Badge, Empty, Loading, Problem, Table, View } from '../lib/parts.js';
import { html, useState } from '../vendor/ui.js';

const everyMs = 3000;

/** Each question of the model, as both layers answer it. */
export default function Answers({ place }) {
  const { data, error } = useAnswer('/api/questions');
  const [picked, setPicked] = useState(place[0]);
  const questions = data?.questions ?? [];
  const name = picked ?? questions[0]?.name;
  const question = questions.find((one) => one.name === name);
  return html`<${View}
    title="Answers"
    note="Asked of the deployed query API every few seconds: the live layer from counters, the batch layer from its last run."
  >
    <${Problem} message=${error ?? data?.refused?.message} />
    ${!data && !error && html`<${Loading} what="Asking the API" />`}
    ${
      questions.length > 0 &&
      html`<label class="field wide">
        Question
        <select value=${name} onChange=${(event) => setPicked(event.target.value)}>
          ${questions.map((one) => html`<option value=${one.name}>${one.describe}</option>`)}
        </select>
      </label>`
    }
    ${
      question &&
      html`<div class="beside" key=${name}>
        <${Answer} name=${name} layer="live" /><${Answer} name=${name} layer="batch" />
      </div>`
    }
  <//>`;
}

function Answer({ name, layer }) {
  const { data, error } = useAnswer(`/api/questions/${encodeURIComponent(name)}?layer=${layer}`, everyMs);
  return html`<section class="card" aria-label=${`${layer} layer`}>
    <header class="card-head">
      <h2>${layer === 'live' ? 'Live' : 'Batch'}</h2>
      ${data?.rows && html`<${Standing} answer=${data} asked=${layer} />`}
    </header>
    <${Problem} message=${error} />
    ${!data && !error && html`<${Loading} what="Asking" />`}
    ${data?.refused && html`<${Empty}>${data.refused.message} (${data.refused.status})<//>`}
    ${data?.rows && (data.rows.length === 0 ? html`<${Empty}>No rows yet.<//>` : html`<${Rows} answer=${data} />`)}
  </section>`;
}

function Standing({ answer: { layer, asOf, freshness, notes, doors, run }, asked }) {
  return html`<p class="standing">
    ${layer !== asked && html`<${Badge} kind="late">answered by ${layer}<//>`}
    <span>as of ${clock(asOf)}</span>
    ${freshness !== null && html`<span>newest ${duration(freshness * 1000)} old</span>`}
    <span>${doors.join(' and ')}</span>
    ${run && html`<span title=${run}>run ${run.slice(0, 19)}</span>`}
    ${notes.map(({ message }) => html`<span class="note">${message}</span>`)}
  </p>`;
}

/** Bars for the one number that a row is about; the table has all. */
function Rows({ answer: { columns, rows, next } }) {
  const measure = columns.findLast((column) => rows.every((row) => typeof row[column] === 'number'));
  const most = measure === undefined ? 0 : Math.max(...rows.map((row) => row[measure]));
  const names = columns.filter((column) => column !== measure);
  const shown = rows.slice(0, 12);
  return html`
    ${
      rows.length === 1 &&
      html`<dl class="facts">
        ${columns.map((column) => html`<div><dt>${words(column)}</dt><dd>${typeof rows[0][column] === 'number' ? count(rows[0][column]) : (rows[0][column] ?? 'unknown')}</dd></div>`)}
      </dl>`
    }
    ${
      rows.length > 1 &&
      most > 0 &&
      html`<ul class="bars" aria-label=${`${words(measure)}, the first ${shown.length}`}>
        ${shown.map(
          (row) => html`<li>
            <span class="bar-name">${names.map((column) => row[column] ?? 'unknown').join(' · ')}</span>
            <span class="bar"><span style=${{ width: `${(100 * row[measure]) / most}%` }}></span></span>
            <span class="bar-value">${count(row[measure])}</span>
          </li>`,
        )}
      </ul>`
    }
    <details open=${rows.length > 1 && most <= 0}>
      <summary>${rows.length === 1 ? 'As a table' : `${next ? 'The first ' : ''}${count(rows.length)} rows`}</summary>
      <${Table} label="Rows" columns=${columns.map(words)} rows=${rows.map((row) => columns.map((column) => row[column]))} />
    </details>
  `;
}
