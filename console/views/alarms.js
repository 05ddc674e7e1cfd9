import { useAnswer } from '../lib/api.js';
import { dateTime, duration } from '../lib/format.js';
import { markdown } from '../lib/markdown.js';
import { Badge, Empty, Loading, Panel, Problem, Tabs, View } from '../lib/parts.js';
import { html, useState } from '../vendor/ui.js';

const everyMs = 3000;
const kinds = { ALARM: 'failing', OK: 'ok', INSUFFICIENT_DATA: 'quiet' };
const titles = { ALARM: 'alarm', OK: 'ok', INSUFFICIENT_DATA: 'insufficient data' };
const order = ['ALARM', 'INSUFFICIENT_DATA', 'OK'];

const placeOf = (name) => `#/alarms/${encodeURIComponent(name)}`;

/** The alarms of the templates: where each stands and why. The place tells which one is open. */
export default function Alarms({ place }) {
  const { data, error } = useAnswer('/api/alarms', everyMs);
  const alarms = [...(data?.alarms ?? [])].sort(
    (a, b) => order.indexOf(a.state.value) - order.indexOf(b.state.value) || (a.name < b.name ? -1 : 1),
  );
  const chosen = alarms.find(({ name }) => name === place[0]);
  return html`<${View} title="Alarms" note="Evaluated here as CloudWatch does: periods, M of N datapoints, missing data.">
    <${Problem} message=${error} />
    ${!data && !error && html`<${Loading} what="Asking" />`}
    ${data && alarms.length === 0 && html`<${Empty}>The templates have no alarms.<//>`}
    ${
      alarms.length > 0 &&
      html`<p class="note">${order
        .map((value) => `${alarms.filter(({ state }) => state.value === value).length} ${titles[value]}`)
        .join(', ')}</p>
        <div class="table-box tall" tabindex="0" role="region" aria-label="All alarms">
          <table>
            <thead>
              <tr><th scope="col">State</th><th scope="col">Alarm</th><th scope="col">Reason</th><th scope="col">Since</th></tr>
            </thead>
            <tbody>
              ${alarms.map(
                (alarm) => html`<tr key=${alarm.name}>
                  <td><${Badge} kind=${kinds[alarm.state.value]}>${titles[alarm.state.value]}<//></td>
                  <td><a href=${placeOf(alarm.name)}>${alarm.name}</a></td>
                  <td>${alarm.state.reason}</td>
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

function Alarm({ alarm, names, onClose }) {
  const runbook = /runbooks\/([a-z0-9-]+)\.md/.exec(alarm.description ?? '')?.[1];
  const [tab, setTab] = useState(runbook ? 'runbook' : 'about');
  return html`<${Panel} title=${alarm.name} onClose=${onClose}>
    <p><${Badge} kind=${kinds[alarm.state.value]}>${titles[alarm.state.value]}<//> since ${dateTime(alarm.state.transitioned)}</p>
    <p>${alarm.state.reason}</p>
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
