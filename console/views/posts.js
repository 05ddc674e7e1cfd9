import { get, post, useAnswer } from '../lib/api.js';
import { brief, clock, count, duration } from '../lib/format.js';
import { Badge, Empty, Loading, Problem, View } from '../lib/parts.js';
import { html, useEffect, useState } from '../vendor/ui.js';

const stations = [
  { name: 'door', title: 'Answered by the door' },
  { name: 'log', title: 'Arrived in the log' },
  { name: 'posts', title: 'Stored as a post' },
  { name: 'quarantine', title: 'Quarantined' },
  { name: 'answers', title: 'Counted in live answers' },
  { name: 'raw', title: 'Landed in raw' },
  { name: 'batch', title: 'In the batch layer' },
];

/** Send posts, and see where each comes. */
export default function Posts({ live }) {
  const { data, error } = useAnswer('/api/posts');
  const [followed, setFollowed] = useState();
  return html`<${View} title="Posts" note="Posts go through the deployed doors, as any client's do.">
    <${Problem} message=${error} />
    ${!data && !error && html`<${Loading} what="Asking" />`}
    ${
      data &&
      html`<div class="posts">
        <${SendOne} feeds=${data.feeds} doors=${data.doors} onSent=${setFollowed} />
        <div>
          <${Emulate} doors=${data.doors} emulation=${live?.emulation} />
          ${followed && html`<${Journey} key=${followed} id=${followed} feeds=${data.feeds} doors=${data.doors} />`}
        </div>
      </div>`
    }
  <//>`;
}

function SendOne({ feeds, doors, onSent }) {
  const [rows, setRows] = useState({});
  const [index, setIndex] = useState();
  const [through, setThrough] = useState([doors[0]]);
  const [problem, setProblem] = useState();
  const [busy, setBusy] = useState(false);
  const fill = async () => {
    try {
      const sample = await get('/api/posts/sample');
      setIndex(sample.index);
      setRows(Object.fromEntries(feeds.map((feed) => [feed, JSON.stringify(sample.rows[feed], undefined, 1)])));
    } catch (error) {
      setProblem(error.message);
    }
  };
  useEffect(() => void fill(), []);
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const parsed = {};
      for (const feed of feeds) if (rows[feed]?.trim()) parsed[feed] = parse(feed, rows[feed]);
      const { id } = await post('/api/posts', { index, rows: parsed, doors: through });
      onSent(id);
    } catch (error) {
      setProblem(error.message);
    }
    setBusy(false);
  };
  return html`<form class="card" onSubmit=${send} aria-label="Send one post">
    <header class="card-head">
      <h2>One by hand</h2>
      <button type="button" onClick=${fill}>Another one</button>
    </header>
    <div class="actions between send">
      <${Doors} doors=${doors} chosen=${through} onChange=${setThrough} />
      <button type="submit" class="primary" disabled=${busy || index === undefined || through.length === 0}>Send and follow</button>
    </div>
    <${Problem} message=${problem} />
    ${feeds.map(
      (feed) => html`<label class="field wide">
        ${feed}
        <textarea
          rows=${Math.min(16, (rows[feed] ?? '').split('\n').length + 1)}
          spellcheck="false"
          value=${rows[feed] ?? ''}
          onInput=${(event) => setRows({ ...rows, [feed]: event.target.value })}
        ></textarea>
      </label>`,
    )}
  </form>`;
}

function parse(feed, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The row of ${feed} is no JSON: ${error.message}`);
  }
}

const Doors = ({ doors, chosen, onChange }) => html`<fieldset class="inline">
  <legend>Through</legend>
  ${doors.map(
    (door) => html`<label class="check">
      <input
        type="checkbox"
        checked=${chosen.includes(door)}
        onChange=${() => onChange(chosen.includes(door) ? chosen.filter((one) => one !== door) : [...chosen, door])}
      />
      ${door}
    </label>`,
  )}
</fieldset>`;

const fields = [
  { name: 'rate', title: 'Posts a second', min: 0.1, max: 200, step: 0.1 },
  { name: 'count', title: 'Posts', min: 1, max: 100_000, step: 1 },
  { name: 'dirty', title: 'Share of dirty rows', min: 0, max: 1, step: 0.05 },
  { name: 'duplicates', title: 'Share sent again', min: 0, max: 1, step: 0.05 },
];

function Emulate({ doors, emulation }) {
  const [order, setOrder] = useState({ rate: 5, count: 1000, dirty: 0.05, duplicates: 0.05 });
  const [through, setThrough] = useState(doors);
  const [problem, setProblem] = useState();
  const attempt = (work) => async (event) => {
    event.preventDefault();
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(error.message);
    }
  };
  const start = attempt(() => post('/api/emulation', { ...order, doors: through }));
  const stop = attempt(() => post('/api/emulation/stop'));
  const running = emulation?.running ?? false;
  return html`<form class="card" onSubmit=${start} aria-label="Emulate">
    <header class="card-head"><h2>Many at a rate</h2></header>
    <div class="grid">
      ${fields.map(
        ({ name, title, ...limits }) => html`<label class="field">
          ${title}
          <input
            type="number"
            required
            ...${limits}
            value=${order[name]}
            onInput=${(event) => setOrder({ ...order, [name]: event.target.valueAsNumber })}
          />
        </label>`,
      )}
    </div>
    <${Doors} doors=${doors} chosen=${through} onChange=${setThrough} />
    <${Problem} message=${problem ?? emulation?.problem} />
    <div class="actions">
      <button type="submit" class="primary" disabled=${running || through.length === 0}>Start</button>
      <button type="button" onClick=${stop} disabled=${!running}>Stop</button>
    </div>
    ${
      emulation &&
      html`<p role="status" class="note">
        ${running ? 'Sending' : 'Ended'}: ${count(emulation.requests)} requests, ${count(emulation.accepted)} accepted,
        ${' '}${count(emulation.refused)} refused${running ? ` at ${brief(emulation.order.rate)} posts a second` : ''}.
      </p>`
    }
  </form>`;
}

function Journey({ id, feeds, doors }) {
  const [done, setDone] = useState(false);
  const { data, error } = useAnswer(`/api/posts/${id}`, done ? 0 : 400);
  useEffect(() => {
    if (data?.done) setDone(true);
  }, [data]);
  if (!data) return html`<${Problem} message=${error} />`;
  const isThrough = data.done && !data.left && !data.problem;
  const ways = doors
    .flatMap((door) =>
      feeds.map((feed) => ({
        feed,
        door,
        stops: stopsOf(
          data.hops.filter((hop) => hop.feed === feed && hop.door === door),
          isThrough,
        ),
      })),
    )
    .filter(({ stops }) => stops.some(({ hop }) => hop));
  const awaitsRun = ways.some(({ stops }) => {
    const isSeen = (wanted) => stops.some(({ name, hop }) => name === wanted && hop);
    return isSeen('raw') && !isSeen('batch');
  });
  return html`<section class="card" aria-label="The way of the post" aria-live="polite">
    <header class="card-head">
      <h2>Post ${data.index}</h2>
      <p class="standing"><span>sent at ${clock(data.sentAt)}</span><span>${isThrough ? 'followed to its end' : data.done ? 'no longer followed' : 'following …'}</span></p>
    </header>
    <${Problem} message=${error ?? data.problem} />
    ${ways.length === 0 && html`<${Empty}>On its way.<//>`}
    <div class="ways">
      ${ways.map(
        ({ feed, door, stops }) => html`<section aria-label=${`${feed} through ${door}`}>
          <h3>${feed} <${Badge}>${door}<//></h3>
          <ol class="way">
            ${stops.map(
              ({ title, hop }) => html`<li class=${hop ? (hop.refused ? 'failing' : 'ok') : 'quiet'}>
                <b>${title}</b>
                ${hop && html`<span class="after">${duration(Math.max(0, hop.at - data.sentAt))}</span>`}
                <small>${hop ? hop.detail : done ? 'not seen' : 'waiting'}</small>
              </li>`,
            )}
          </ol>
        </section>`,
      )}
    </div>
    ${awaitsRun && html`<p class="note">The batch layer takes it with its next run: <a href="#/answers">run it now</a>, or npm run batch.</p>`}
  </section>`;
}

/** The stations of a way; a row that is refused ends there, and what a row that is through has not met is not deployed. */
function stopsOf(hops, isThrough) {
  const isRefused = hops.some(({ refused }) => refused);
  return stations
    .map(({ name, title }) => ({ name, title, hop: hops.find((hop) => hop.name === name) }))
    .filter(({ name, hop }) => hop || !(isThrough || isRefused || name === 'quarantine'));
}
