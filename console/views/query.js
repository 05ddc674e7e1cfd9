import { get, nonce, post, useAnswer } from '../lib/api.js';
import { bytes, clock, count, counted, duration, words } from '../lib/format.js';
import { Badge, Empty, Loading, Problem, Table, Tabs, View } from '../lib/parts.js';
import { sqlEditor } from '../vendor/editor.js';
import { html, useEffect, useRef, useState } from '../vendor/ui.js';

const kept = 'pinflow-sql';
const pollMs = 250;

/** SQL for Athena: what the deployed workgroup answers. */
export default function Query() {
  const { data: catalog, error } = useAnswer('/api/query/catalog');
  const [workgroup, setWorkgroup] = useState();
  const [execution, setExecution] = useState();
  const [rows, setRows] = useState();
  const [problem, setProblem] = useState();
  const [side, setSide] = useState('named');
  const sql = useRef(sessionStorage.getItem(kept) ?? '');
  const editor = useRef();
  const group = workgroup ?? catalog?.workgroups[0];
  // The editor keeps what it was first given.
  const state = useRef({});
  state.current = { group, database: catalog?.databases[0] };
  const isAsking = useRef(false);

  const run = async () => {
    const { group, database } = state.current;
    if (group === undefined || isAsking.current) return;
    isAsking.current = true;
    setProblem(undefined);
    setRows(undefined);
    try {
      const { id } = await post('/api/query', { sql: sql.current, workgroup: group, database });
      let now;
      do {
        now = await get(`/api/query/${id}`);
        setExecution(now);
        if (isRunning(now)) await new Promise((resolve) => setTimeout(resolve, pollMs));
      } while (isRunning(now));
      if (now.Status.State === 'SUCCEEDED') setRows(await get(`/api/query/${id}/rows`));
      else setProblem(now.Status.StateChangeReason ?? `The query ended as ${now.Status.State}.`);
    } catch (failure) {
      setExecution((before) => (isRunning(before) ? undefined : before));
      setProblem(failure.message);
    }
    isAsking.current = false;
  };
  const choose = (text) => {
    editor.current.setText(text);
    editor.current.focus();
  };
  return html`<${View}
    title="Query"
    note="Athena's API, answered by Trino here. Ctrl or Cmd with Enter runs the query."
    actions=${
      catalog &&
      html`<label class="field">
        Workgroup
        <select value=${group} onChange=${(event) => setWorkgroup(event.target.value)}>
          ${catalog.workgroups.map((name) => html`<option>${name}</option>`)}
        </select>
      </label>`
    }
  >
    <${Problem} message=${error} />
    <div class="query">
      <div>
        <${Editor} text=${sql} handle=${editor} tables=${catalog?.tables} run=${run} />
        <div class="actions level">
          <button type="button" class="primary" disabled=${!catalog || isRunning(execution)} onClick=${run}>Run</button>
          <button
            type="button"
            disabled=${!isRunning(execution)}
            onClick=${() => post(`/api/query/${execution.QueryExecutionId}/stop`).catch(({ message }) => setProblem(message))}
          >
            Stop
          </button>
          ${execution && html`<${Told} execution=${execution} />`}
        </div>
        <${Problem} message=${problem} />
        ${rows && html`<${Result} key=${execution.QueryExecutionId} id=${execution.QueryExecutionId} first=${rows} />`}
      </div>
      <div class="query-side">
        <${Tabs}
          label="What to ask"
          selected=${side}
          onSelect=${setSide}
          tabs=${[
            { id: 'named', title: 'Named' },
            { id: 'tables', title: 'Tables' },
            { id: 'history', title: 'History' },
          ]}
        />
        ${!catalog && !error && html`<${Loading} what="Reading the catalog" />`}
        ${catalog && side === 'named' && html`<${Named} named=${catalog.named} choose=${choose} />`}
        ${catalog && side === 'tables' && html`<${Tables} tables=${catalog.tables} choose=${choose} />`}
        ${catalog && side === 'history' && html`<${History} key=${execution?.Status.State} group=${group} choose=${choose} />`}
      </div>
    </div>
  <//>`;
}

const isRunning = (execution) => ['QUEUED', 'RUNNING'].includes(execution?.Status.State);

function Editor({ text, handle, tables, run }) {
  const holder = useRef(null);
  useEffect(() => {
    handle.current = sqlEditor({
      parent: holder.current,
      nonce,
      text: text.current,
      run,
      changed: (next) => {
        text.current = next;
        sessionStorage.setItem(kept, next);
      },
    });
    return () => handle.current.destroy();
  }, []);
  useEffect(() => {
    if (!tables) return;
    handle.current.complete(
      Object.fromEntries(tables.map(({ name, columns }) => [name, columns.map((column) => column.name)])),
    );
  }, [tables]);
  return html`<div class="editor" ref=${holder}></div>`;
}

function Told({ execution: { Status, Statistics = {} } }) {
  const { State: state } = Status;
  const kind = { SUCCEEDED: 'ok', FAILED: 'failing', CANCELLED: 'late' }[state] ?? 'quiet';
  const {
    TotalExecutionTimeInMillis: ms,
    EngineExecutionTimeInMillis: engineMs,
    DataScannedInBytes: scanned,
  } = Statistics;
  return html`<p class="standing" role="status">
    <${Badge} kind=${kind}>${state.toLowerCase()}<//>
    ${(ms ?? engineMs) !== undefined && html`<span>${duration(ms ?? engineMs)}</span>`}
    ${scanned !== undefined && html`<span>${bytes(scanned)} scanned</span>`}
  </p>`;
}

function Result({ id, first }) {
  const [page, setPage] = useState(first);
  const [as, setAs] = useState('table');
  const [problem, setProblem] = useState();
  const more = async () => {
    try {
      const next = await get(`/api/query/${id}/rows?next=${encodeURIComponent(page.next)}`);
      setPage({ ...next, columns: page.columns, rows: [...page.rows, ...next.rows] });
    } catch (error) {
      setProblem(error.message);
    }
  };
  if (page.columns.length === 0) return html`<${Empty}>The statement has no result.<//>`;
  return html`<div class="actions level between">
      <${Tabs}
        label="Show as"
        selected=${as}
        onSelect=${setAs}
        tabs=${[
          {
            id: 'table',
            title: `Table, ${page.next ? `${count(page.rows.length)}+ rows` : counted(page.rows.length, 'row')}`,
          },
          { id: 'chart', title: 'Chart' },
        ]}
      />
      <a href=${`/api/query/${id}/csv`} download>CSV</a>
    </div>
    <${Problem} message=${problem} />
    ${
      as === 'table'
        ? html`<${Table} label="Result" columns=${page.columns.map(({ name }) => name)} rows=${page.rows} limit=${page.rows.length} />`
        : html`<${Bars} page=${page} />`
    }
    ${page.next && html`<button type="button" onClick=${more}>More rows</button>`}`;
}

const numbers = /^(tinyint|smallint|integer|bigint|float|real|double|decimal)/;

/** The first column of numbers, by the columns that are none. */
function Bars({ page: { columns, rows } }) {
  const measures = columns.filter(({ type }) => numbers.test(type)).map(({ name }) => name);
  const [measure, setMeasure] = useState(measures.at(-1));
  if (measure === undefined) return html`<${Empty}>No column is a number.<//>`;
  const at = columns.findIndex(({ name }) => name === measure);
  const shown = rows.slice(0, 40);
  const most = Math.max(...shown.map((row) => Number(row[at] ?? 0)));
  return html`<label class="field wide">
      Length of the bars
      <select value=${measure} onChange=${(event) => setMeasure(event.target.value)}>
        ${measures.map((name) => html`<option>${name}</option>`)}
      </select>
    </label>
    <ul class="bars" aria-label=${measure}>
      ${shown.map(
        (row) => html`<li>
          <span class="bar-name">${row.filter((_, index) => index !== at).join(' · ')}</span>
          <span class="bar"><span style=${{ width: `${most > 0 ? Math.max(0, (100 * Number(row[at] ?? 0)) / most) : 0}%` }}></span></span>
          <span class="bar-value">${count(Number(row[at] ?? 0))}</span>
        </li>`,
      )}
    </ul>`;
}

/** Questions by their numbers, with which their descriptions begin; then the others. */
const byNumber = (a, b) => {
  const key = ({ name, describe }) => `${/^\d+[a-z]?(?=:)/.exec(describe ?? '')?.[0] ?? '~'} ${name}`;
  return key(a) < key(b) ? -1 : 1;
};

const Named = ({ named, choose }) =>
  named.length === 0
    ? html`<${Empty}>The templates have no named queries.<//>`
    : html`<ul class="choices">
  ${[...named].sort(byNumber).map(
    ({ name, describe, sql }) => html`<li>
      <button type="button" onClick=${() => choose(sql)}><b>${words(name)}</b><small>${describe}</small></button>
    </li>`,
  )}
</ul>`;

const Tables = ({ tables, choose }) =>
  tables.length === 0
    ? html`<${Empty}>The catalog has no tables.<//>`
    : html`<ul class="choices">
  ${tables.map(
    ({ name, columns }) => html`<li>
      <button type="button" onClick=${() => choose(`select *\nfrom ${name}\nlimit 20`)}><b>${name}</b></button>
      <details>
        <summary>${counted(columns.length, 'column')}</summary>
        <dl class="pairs">${columns.map((column) => html`<dt>${column.name}</dt><dd>${column.type}</dd>`)}</dl>
      </details>
    </li>`,
  )}
</ul>`;

function History({ group, choose }) {
  const { data, error } = useAnswer(`/api/query/history?workgroup=${encodeURIComponent(group)}`);
  if (!data) return html`<${Problem} message=${error} />`;
  if (data.executions.length === 0) return html`<${Empty}>Nothing was asked yet.<//>`;
  return html`<ul class="choices">
    ${data.executions.map(
      ({ QueryExecutionId, Query, Status, Statistics }) => html`<li key=${QueryExecutionId}>
        <button type="button" onClick=${() => choose(Query)}>
          <small>
            ${clock(Status.SubmissionDateTime * 1000)} ${Status.State.toLowerCase()}
            ${Statistics?.DataScannedInBytes !== undefined && ` · ${bytes(Statistics.DataScannedInBytes)}`}
          </small>
          <code>${Query.trim().slice(0, 140)}</code>
        </button>
      </li>`,
    )}
  </ul>`;
}
