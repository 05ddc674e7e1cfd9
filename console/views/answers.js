import { get, isToldElsewhere, post, useAnswer } from '../lib/api.js';
import { clock, count, duration, words } from '../lib/format.js';
import { Badge, Empty, Loading, Problem, Table, View } from '../lib/parts.js';
import { turns, useInView } from '../lib/turns.js';
import { html, useEffect, useState } from '../vendor/ui.js';

const everyMs = 5000;
const shownBars = 6;
/** Each costs two requests of the query API. */
const inTurn = turns(3);

/** Each question of the model, as both layers answer it. */
export default function Answers({ live }) {
  const { data, error } = useAnswer('/api/questions');
  const questions = data?.questions ?? [];
  const numbered = questions.filter(({ number }) => number !== undefined);
  const others = questions.filter(({ number }) => number === undefined);
  return html`<${View}
    title="Answers"
    note="Asked of the deployed query API: live from counters, which follow every change, and batch from the last run over the lake. What both have seen, they answer the same."
    actions=${html`<${RunBatch} run=${live?.batch} />`}
  >
    <${Problem} message=${error ?? data?.refused?.message} />
    ${!data && !error && html`<${Loading} what="Asking the API" />`}
    <${Progress} run=${live?.batch} now=${live?.time} />
    <div class="answers">${numbered.map((question) => html`<${Question} key=${question.name} question=${question} run=${live?.batch?.endedAt} />`)}</div>
    ${others.length > 0 && html`<h2 class="section">More</h2>`}
    <div class="answers">${others.map((question) => html`<${Question} key=${question.name} question=${question} run=${live?.batch?.endedAt} />`)}</div>
  <//>`;
}

const isRunning = (run) => Boolean(run) && !run.end;

function RunBatch({ run }) {
  const [problem, setProblem] = useState();
  const start = () => {
    setProblem(undefined);
    post('/api/batch').catch(({ message }) => setProblem(message));
  };
  return html`<${Problem} message=${problem} />
    <button type="button" class="primary" disabled=${isRunning(run)} onClick=${start}>
      ${isRunning(run) ? 'The batch layer runs …' : 'Run the batch layer'}
    </button>`;
}

const outcomes = { changed: 'ok', unchanged: 'ok', overlap: 'late', failed: 'failing', left: 'quiet' };

/** The states that the run has passed, as `npm run batch` tells them. */
function Progress({ run, now }) {
  if (!run) return null;
  const { startedAt, endedAt, steps, end } = run;
  return html`<section class="card" aria-label="Run of the batch layer">
    <header class="card-head">
      <h2>Run of the batch layer</h2>
      <p class="standing"><span>began at ${clock(startedAt)}</span>${endedAt && html`<span>took ${duration(endedAt - startedAt)}</span>`}</p>
    </header>
    <ol class="steps">
      ${(end?.outcome === 'overlap' ? [] : steps).map(
        ({ name, ms, failure }) =>
          html`<li class=${failure ? 'failing' : 'ok'} title=${failure}>${name} <small>${duration(ms)}</small></li>`,
      )}
      ${!end && html`<li class="running">… <small>${duration(Math.max(0, now - startedAt))} so far</small></li>`}
    </ol>
    ${end && html`<p role="status" class="note"><${Badge} kind=${outcomes[end.outcome]}>${end.outcome}<//> ${end.message}</p>`}
  </section>`;
}

/** @param run when the last run ended: what was said before it is asked again */
function Question({ question: { name, number, describe, isWindowed }, run }) {
  const { holder, isInView } = useInView();
  const { data, error } = useBoth(name, isInView, run);
  const standing = data && compared(data, isWindowed);
  return html`<section class="card question" ref=${holder} aria-label=${describe}>
    <header class="card-head">
      <h2>${number && html`<span class="question-number">${number}</span>`} ${describe}</h2>
      ${standing && html`<span title=${standing.why}><${Badge} kind=${standing.kind}>${standing.title}<//></span>`}
    </header>
    <${Problem} message=${error} />
    ${
      data
        ? html`<div class="both">
            <${Answer} answer=${data.live} layer="live" describe=${describe} />
            <${Answer} answer=${data.batch} layer="batch" describe=${describe} />
          </div>`
        : !error && html`<div class="waiting" role="status"><span class="hidden">Asking</span></div>`
    }
  </section>`;
}

/** What both layers say, again every few seconds while it is in view. */
function useBoth(name, isInView, run) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!isInView) return undefined;
    const left = new AbortController();
    let timer;
    const ask = async () => {
      try {
        if (!document.hidden) {
          const data = await inTurn(
            () => !left.signal.aborted && get(`/api/answers/${encodeURIComponent(name)}`, { signal: left.signal }),
          );
          if (data) setState({ data });
        }
      } catch (error) {
        if (!isToldElsewhere(error)) setState((before) => ({ ...before, error: error.message }));
      }
      if (!left.signal.aborted) timer = setTimeout(ask, everyMs);
    };
    ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [name, isInView, run]);
  return state;
}

/** Whether the layers agree, in words. */
function compared({ live, batch }, isWindowed) {
  if (!live.rows) return { kind: 'late', title: 'no live answer', why: live.refused.message };
  if (!batch.rows) return { kind: 'quiet', title: 'no batch answer yet', why: batch.refused.message };
  if (live.layer === 'batch')
    return { kind: 'late', title: 'both from batch', why: live.notes.map(({ message }) => message).join(' ') };
  if (JSON.stringify(live.rows) === JSON.stringify(batch.rows)) {
    return {
      kind: 'ok',
      title: live.next ? `first ${count(live.rows.length)} rows equal` : 'equal',
      why: 'Both layers answer the same.',
    };
  }
  if (isWindowed)
    return {
      kind: 'quiet',
      title: 'of two moments',
      why: 'The question is about the last minutes, and the run was earlier.',
    };
  if (live.watermark > batch.watermark) {
    return { kind: 'quiet', title: 'live is ahead', why: 'Changes have come since the run began.' };
  }
  return {
    kind: 'failing',
    title: 'differs',
    why: 'Nothing has come since the run, and yet the layers differ: npm run compare tells where.',
  };
}

function Answer({ answer, layer, describe }) {
  return html`<section aria-label=${`${layer}: ${describe}`}>
    <h3>${layer === 'live' ? 'Live' : 'Batch'}</h3>
    ${answer.refused && html`<${Empty}>${answer.refused.message}<//>`}
    ${answer.rows && html`<${Standing} answer=${answer} asked=${layer} />`}
    ${answer.rows && (answer.rows.length === 0 ? html`<${Empty}>No rows.<//>` : html`<${Rows} answer=${answer} />`)}
  </section>`;
}

function Standing({ answer: { layer, asOf, freshness, notes, doors, run }, asked }) {
  const age =
    freshness === null
      ? 'nothing counted yet'
      : asked === 'live'
        ? `last change ${duration(freshness * 1000)} ago`
        : `holds what came until ${duration(freshness * 1000)} ago`;
  return html`<p class="standing">
      ${layer !== asked && html`<${Badge} kind="late">answered by ${layer}<//>`}
      <span title=${run && `run ${run}`}>as of ${clock(asOf)}</span>
      <span>${age}</span>
      <span>${doors.join(' and ')}</span>
    </p>
    ${notes.map(({ message }) => html`<p class="standing caution">${message}</p>`)}`;
}

/** Bars for the one number that a row is about; the table has all. */
function Rows({ answer: { columns, rows, next } }) {
  const measure = columns.findLast((column) => rows.every((row) => typeof row[column] === 'number'));
  const shown = rows.slice(0, shownBars);
  const most = measure === undefined ? 0 : Math.max(...shown.map((row) => row[measure]));
  const names = columns.filter((column) => column !== measure);
  const hasBars = rows.length > 1 && most > 0;
  return html`
    ${
      rows.length === 1 &&
      html`<dl class="facts">
        ${columns.map((column) => html`<div><dt>${words(column)}</dt><dd>${typeof rows[0][column] === 'number' ? count(rows[0][column]) : (rows[0][column] ?? 'unknown')}</dd></div>`)}
      </dl>`
    }
    ${
      hasBars &&
      html`<ul class="bars" aria-label=${`${words(measure)}, the first ${shown.length}`}>
        ${shown.map(
          (row) => html`<li>
            <span class="bar-name" title=${names.map((column) => row[column] ?? 'unknown').join(' · ')}>${names.map((column) => row[column] ?? 'unknown').join(' · ')}</span>
            <span class="bar"><span style=${{ width: `${(100 * row[measure]) / most}%` }}></span></span>
            <span class="bar-value">${count(row[measure])}</span>
          </li>`,
        )}
      </ul>`
    }
    ${
      rows.length > 1 &&
      html`<details open=${!hasBars}>
        <summary>${next ? 'The first ' : 'All '}${count(rows.length)} rows</summary>
        <${Table} label="Rows" columns=${columns.map(words)} rows=${rows.map((row) => columns.map((column) => row[column]))} />
      </details>`
    }
  `;
}
