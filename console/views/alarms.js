import { useAnswer } from '../lib/api.js';
import { commonBeginning, dateTime, duration } from '../lib/format.js';
import { markdown } from '../lib/markdown.js';
import { Badge, Empty, Loading, Panel, Problem, Tabs, View } from '../lib/parts.js';
import { html, useState } from '../vendor/ui.js';

const everyMs = 3000;
const kinds = { ALARM: 'failing', OK: 'ok', INSUFFICIENT_DATA: 'quiet' };
const titles = { ALARM: 'alarm', OK: 'ok', INSUFFICIENT_DATA: 'insufficient data' };
const counted = { ALARM: 'in alarm', INSUFFICIENT_DATA: 'without data', OK: 'ok' };
const order = Object.keys(counted);
const severities = ['critical', 'warning'];
const severityKinds = { critical: 'failing', warning: 'late' };

/** As the description says it. */
const severityOf = ({ description = '' }) => /^Severity: (\w+)$/m.exec(description)?.[1];

const placeOf = (name) => `#/alarms/${encodeURIComponent(name)}`;

/** The alarms of the templates: where each stands and why. The place tells which one is open. */
export default function Alarms({ place: [opened] }) {
  const { data, error } = useAnswer('/api/alarms', everyMs);
  const place = (alarm) => [order.indexOf(alarm.state.value), severities.indexOf(severityOf(alarm))];
  const alarms = [...(data?.alarms ?? [])].sort((a, b) => {
    const [[state, severity], [otherState, otherSeverity]] = [place(a), place(b)];
    return state - otherState || severity - otherSeverity || (a.name < b.name ? -1 : 1);
  });
  const common = commonBeginning(alarms.map(({ name }) => name));
  const chosen = alarms.find(({ name }) => name === opened);
  return html`<${View} title="Alarms" note="Evaluated here as CloudWatch does: periods, M of N datapoints, missing data.">
    <${Problem} message=${error} />
    ${!data && !error && html`<${Loading} what="Asking" />`}
    ${data && alarms.length === 0 && html`<${Empty}>The templates have no alarms.<//>`}
    ${
      alarms.length > 0 &&
      html`<p class="counts">${order
        .map((value) => ({ value, of: alarms.filter(({ state }) => state.value === value).length }))
        .filter(({ of }) => of > 0)
        .map(({ value, of }) => html`<${Badge} kind=${kinds[value]}>${of} ${counted[value]}<//> `)}</p>
        <div class="table-box tall" tabindex="0" role="region" aria-label="All alarms">
          <table class="cards">
            <thead>
              <tr><th scope="col">State</th><th scope="col">Severity</th><th scope="col">Alarm</th><th scope="col">Reason</th><th scope="col">For</th></tr>
            </thead>
            <tbody>
              ${alarms.map(
                (alarm) => html`<tr key=${alarm.name}>
                  <td><${Badge} kind=${kinds[alarm.state.value]}>${titles[alarm.state.value]}<//></td>
                  <td>${severityOf(alarm) && html`<${Badge} kind=${alarm.state.value === 'ALARM' ? severityKinds[severityOf(alarm)] : 'quiet'}>${severityOf(alarm)}<//>`}</td>
                  <td class="nowrap"><a href=${placeOf(alarm.name)} title=${`${alarm.name}: ${meaningOf(alarm)}`}>${alarm.name.slice(common.length)}</a></td>
                  <td class="long"><${Reason} text=${alarm.state.reason} /></td>
                  <td class="nowrap">${duration(Date.now() - alarm.state.transitioned)}</td>
                </tr>`,
              )}
            </tbody>
          </table>
        </div>`
    }
    ${
      chosen &&
      html`<${Alarm}
      key=${chosen.name}
      alarm=${chosen}
      names=${alarms.map(({ name }) => name)}
      onClose=${() => {
        location.hash = '#/alarms';
      }}
    />`
    }
  <//>`;
}

/** The first line of the description is for the person who is woken. */
const meaningOf = ({ description = '' }) => description.split('\n')[0];

/** One line; the rest on demand. */
const Reason = ({ text }) =>
  text.length <= 90 ? text : html`<details class="reason"><summary>${text}</summary></details>`;

function Alarm({ alarm, names, onClose }) {
  const runbook = /runbooks\/([a-z0-9-]+)\.md/.exec(alarm.description ?? '')?.[1];
  const [tab, setTab] = useState(runbook ? 'runbook' : 'about');
  return html`<${Panel} title=${alarm.name} onClose=${onClose}>
    <p><${Badge} kind=${kinds[alarm.state.value]}>${titles[alarm.state.value]}<//> since ${dateTime(alarm.state.transitioned)}</p>
    <p><b>${meaningOf(alarm)}</b></p>
    <p class="note">${alarm.state.reason}</p>
    <${Tabs}
      label="About this alarm"
      selected=${tab}
      onSelect=${setTab}
      tabs=${[
        ...(runbook ? [{ id: 'runbook', title: 'Runbook' }] : []),
        { id: 'history', title: 'History' },
        { id: 'about', title: 'Definition' },
      ]}
    />
    ${tab === 'runbook' && html`<${Runbook} name=${runbook} alarm=${alarm.name} names=${names} />`}
    ${tab === 'history' && html`<${History} name=${alarm.name} />`}
    ${tab === 'about' && html`<${Definition} alarm=${alarm} />`}
  <//>`;
}

function Runbook({ name, alarm, names }) {
  const { data, error } = useAnswer(`/api/runbooks/${name}`);
  if (!data) return error ? html`<${Problem} message=${error} />` : html`<${Loading} what="Reading" />`;
  return html`<article class="text">${markdown(linked(data.markdown, alarm.slice(0, -name.length), names))}</article>`;
}

/** Links to other articles lead to their alarms, where the deployment has them. */
const linked = (text, prefix, names) =>
  text.replace(/\]\(([a-z0-9-]+)\.md\)/g, (link, name) =>
    names.includes(prefix + name) ? `](${placeOf(prefix + name)})` : link,
  );

function History({ name }) {
  const { data, error } = useAnswer(`/api/alarms/${encodeURIComponent(name)}/history`, everyMs);
  if (!data) return error ? html`<${Problem} message=${error} />` : html`<${Loading} what="Reading" />`;
  if (data.history.length === 0) return html`<${Empty}>Nothing has happened yet.<//>`;
  return html`<ol class="records">
    ${data.history.map(({ time, type, summary }) => html`<li><time>${dateTime(time)}</time> <${Badge}>${type}<//><br />${summary}</li>`)}
  </ol>`;
}

function Definition({ alarm }) {
  const { description, kind } = alarm;
  const metrics = kind === 'metric' ? alarm.metrics : [];
  return html`
    ${description && html`<p class="pre">${description}</p>`}
    <dl class="pairs">
      ${kind === 'composite' && html`<dt>Rule</dt><dd><code>${alarm.rule}</code></dd>`}
      ${
        kind === 'metric' &&
        html`<dt>Condition</dt>
          <dd>${alarm.comparison} ${alarm.threshold}, ${alarm.datapointsToAlarm} of ${alarm.evaluationPeriods} periods of ${alarm.periodSeconds} s</dd>
          <dt>Missing data</dt><dd>${alarm.missingData}</dd>`
      }
      ${metrics.map(
        ({ id, expression, stat }) => html`<dt>${id}</dt>
          <dd>${expression ?? html`${stat.statistic} of ${stat.namespace} ${stat.name} <code>${JSON.stringify(stat.dimensions)}</code>`}</dd>`,
      )}
      <dt>Tells</dt><dd>${alarm.alarmActions.map((arn) => arn.split(':').at(-1)).join(', ') || 'nobody'}</dd>
    </dl>
  `;
}
