import { useLive } from './lib/api.js';
import { Problem } from './lib/parts.js';
import { html, render, useEffect, useState } from './vendor/ui.js';

/** A view is loaded when it is first opened. */
const views = [
  { id: 'flow', title: 'Flow', load: () => import('./views/flow.js') },
  { id: 'dashboards', title: 'Dashboards', load: () => import('./views/dashboards.js') },
  { id: 'alarms', title: 'Alarms', load: () => import('./views/alarms.js') },
  { id: 'query', title: 'Query', load: () => import('./views/query.js') },
  { id: 'answers', title: 'Answers', load: () => import('./views/answers.js') },
  { id: 'posts', title: 'Posts', load: () => import('./views/posts.js') },
  { id: 'quarantine', title: 'Quarantine', load: () => import('./views/quarantine.js') },
];

/** `#/alarms/name` -> the view `alarms` with `['name']` */
function placeIn(hash) {
  const [id, ...rest] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  return { view: views.find((view) => view.id === id) ?? views[0], rest };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function App() {
  const [{ view, rest }, setPlace] = useState(() => placeIn(location.hash));
  const [loaded, setLoaded] = useState({});
  const [problem, setProblem] = useState();
  const { live, isLost } = useLive();
  useEffect(() => {
    const changed = () => setPlace(placeIn(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  useEffect(() => {
    document.title = `${view.title} · Pinflow`;
    setProblem(undefined);
    if (loaded[view.id]) return;
    view.load().then(
      (module) => setLoaded((before) => ({ ...before, [view.id]: module.default })),
      () => setProblem(`${view.title} cannot be loaded. Load the page again once the runtime runs.`),
    );
  }, [view, isLost]);
  const Shown = loaded[view.id];
  return html`
    <a class="skip" href="#title" onClick=${skip}>Skip to the view</a>
    <nav class="nav" aria-label="Views">
      <a class="brand" href="#/flow"><img src="/icon.svg" alt="" width="24" height="24" />Pinflow</a>
      <ul>
        ${views.map(
          ({ id, title }) =>
            html`<li>
              <a href=${`#/${id}`} aria-current=${id === view.id ? 'page' : undefined}>
                ${title}
                ${id === 'alarms' && live?.alarms > 0 && html`<span class="badge failing">${live.alarms}</span>`}
              </a>
            </li>`,
        )}
      </ul>
      <p class="reach" role="status">
        <span class=${`dot ${live ? 'ok' : isLost ? 'failing' : ''}`}></span>${live ? 'live' : isLost ? 'not reached' : 'asking'}
      </p>
    </nav>
    <main>
      <${Problem} message=${isLost && 'The local runtime does not answer. Is npm start still running?'} />
      <${Problem} message=${problem} />
      ${Shown ? html`<${Shown} live=${live} place=${rest} />` : !problem && html`<p class="empty" role="status">${view.title} …</p>`}
    </main>
  `;
}

function skip(event) {
  event.preventDefault();
  document.getElementById('title')?.focus();
}

const root = document.getElementById('app');
root.replaceChildren();
render(html`<${App} />`, root);
