import { post, useAnswer } from '../lib/api.js';
import { count, dateTime, pretty } from '../lib/format.js';
import { Badge, Empty, Loading, Panel, Problem, View } from '../lib/parts.js';
import { html, useState } from '../vendor/ui.js';

const everyMs = 5000;

/** Rows that a rule refused, with their bytes. */
export default function Quarantine() {
  const { data, error, again } = useAnswer('/api/quarantine', everyMs);
  const [rule, setRule] = useState('');
  const [open, setOpen] = useState();
  const [said, setSaid] = useState();
  const [busy, setBusy] = useState(false);
  const rows = data?.rows ?? [];
  const rules = [...new Set(rows.map((row) => row.rule))].sort();
  const shown = rows.filter((row) => rule === '' || row.rule === rule);
  const redrivable = shown.filter(({ layer }) => layer === 'speed');
  const redrive = async (keys) => {
    setBusy(true);
    try {
      const { left, stays, problems } = await post('/api/redrive', { keys });
      setSaid({
        text: `${count(left)} left quarantine, ${count(stays)} stay: today's rules refuse them too.`,
        problems,
      });
    } catch (failure) {
      setSaid({ problems: [failure.message] });
    }
    setBusy(false);
    again();
  };
  const chosen = rows.find(({ key }) => key === open);
  return html`<${View}
    title="Quarantine"
    note="A row that breaks a rule is kept with its bytes and the reason. Once the rules or the data are mended, a redrive takes it up again, under its original coordinate."
    actions=${html`
      <label class="field">
        Rule
        <select value=${rule} onChange=${(event) => setRule(event.target.value)}>
          <option value="">all</option>
          ${rules.map((name) => html`<option>${name}</option>`)}
        </select>
      </label>
      <button type="button" disabled=${busy || redrivable.length === 0} onClick=${() => redrive(redrivable.map(({ key }) => key))}>
        Redrive ${count(redrivable.length)} ${redrivable.length === 1 ? 'row' : 'rows'} of the speed layer
      </button>
    `}
  >
    <${Problem} message=${error} />
    ${said?.text && html`<p role="status" class="said">${said.text}</p>`}
    ${said?.problems.map((problem) => html`<${Problem} message=${problem} />`)}
    ${!data && !error && html`<${Loading} what="Reading the bucket" />`}
    ${data && shown.length === 0 && html`<${Empty}>No row is in quarantine.<//>`}
    ${
      shown.length > 0 &&
      html`<div class="table-box" tabindex="0" role="region" aria-label="Quarantined rows">
        <table class="cards">
          <thead>
            <tr><th scope="col">Arrived</th><th scope="col">Feed</th><th scope="col">Rule</th><th scope="col">Reason</th><th scope="col">Layer</th><th scope="col"><span class="hidden">Bytes</span></th></tr>
          </thead>
          <tbody>
            ${shown.map(
              (row) => html`<tr key=${row.key}>
                <td class="nowrap">${dateTime(row.arrival)}</td>
                <td>${row.feed}</td>
                <td><${Badge} kind="late">${row.rule}<//></td>
                <td class="long">${row.reason}</td>
                <td>${row.layer}</td>
                <td><button type="button" aria-label=${`Show the row ${row.coordinate}`} onClick=${() => setOpen(row.key)}>Show</button></td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>`
    }
    ${data && data.total > rows.length && html`<p class="note">The newest ${count(rows.length)} of ${count(data.total)}.</p>`}
    ${
      chosen &&
      html`<${Panel} key=${chosen.key} title=${`Refused by ${chosen.rule}`} onClose=${() => setOpen(undefined)}>
        <p>${chosen.reason}</p>
        <dl class="pairs">
          <dt>Coordinate</dt><dd><code>${chosen.coordinate}</code></dd>
          <dt>Arrived</dt><dd>${dateTime(chosen.arrival)}</dd>
          <dt>Quarantined</dt><dd>${dateTime(chosen.quarantinedAt)}</dd>
          <dt>Object</dt><dd><code>${chosen.key}</code></dd>
        </dl>
        <h3>Bytes</h3>
        <pre tabindex="0">${pretty(textOf(chosen.rawBase64))}</pre>
        ${
          chosen.layer === 'speed' &&
          html`<button type="button" class="primary" disabled=${busy} onClick=${() => redrive([chosen.key])}>Redrive this row</button>`
        }
      <//>`
    }
  <//>`;
}

const textOf = (base64) => new TextDecoder().decode(Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0)));
