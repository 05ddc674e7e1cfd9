import { html, useEffect, useRef } from '../vendor/ui.js';
import { count } from './format.js';

/** An error where the person looks, and told to who does not see it. */
export const Problem = ({ message }) => (message ? html`<p class="problem" role="alert">${message}</p>` : null);

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

export const Loading = ({ what }) => html`<p class="empty" role="status">${what} …</p>`;

export const Badge = ({ kind = 'quiet', children }) => html`<span class=${`badge ${kind}`}>${children}</span>`;

export function View({ title, note, actions, children }) {
  return html`<section class="view" aria-labelledby="title">
    <header class="view-head">
      <h1 id="title" tabindex="-1">${title}</h1>
      ${note && html`<p class="note">${note}</p>`}
      <div class="actions">${actions}</div>
    </header>
    ${children}
  </section>`;
}

/** A table that scrolls in a box of its own, which the keyboard reaches. */
export function Table({ label, columns, rows, limit = 500 }) {
  const numeric = columns.map(
    (_, at) =>
      rows.length > 0 &&
      rows.every((row) => row[at] === null || /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(String(row[at]))),
  );
  return html`<div class="table-box" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead>
        <tr>
          ${columns.map((column, at) => html`<th scope="col" class=${numeric[at] ? 'number' : ''}>${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows
          .slice(0, limit)
          .map(
            (row) =>
              html`<tr>${row.map((value, at) => html`<td class=${numeric[at] ? 'number' : ''}>${cell(value)}</td>`)}</tr>`,
          )}
      </tbody>
    </table>
    ${rows.length > limit && html`<p class="empty">${count(rows.length - limit)} more rows are not drawn.</p>`}
  </div>`;
}

function cell(value) {
  if (value === null || value === undefined) return html`<span class="null">null</span>`;
  return typeof value === 'number' && Number.isInteger(value) ? count(value) : value;
}

/** A panel beside the view; Escape closes it, and focus goes back to where it was. */
export function Panel({ title, onClose, children }) {
  const panel = useRef(null);
  const heading = useRef(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const before = document.activeElement;
    heading.current.focus();
    const pressed = ({ key }) => key === 'Escape' && close.current();
    document.addEventListener('keydown', pressed);
    return () => {
      document.removeEventListener('keydown', pressed);
      // Who has gone on to something else stays there.
      const isHere = document.activeElement === document.body || panel.current.contains(document.activeElement);
      if (isHere && before.isConnected) before.focus();
    };
  }, []);
  return html`<aside class="panel" aria-label=${title} ref=${panel}>
    <header>
      <h2 tabindex="-1" ref=${heading}>${title}</h2>
      <button type="button" class="plain" onClick=${onClose} aria-label="Close">✕</button>
    </header>
    <div class="panel-body">${children}</div>
  </aside>`;
}

export function Tabs({ label, tabs, selected, onSelect }) {
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = tabs.findIndex(({ id }) => id === selected);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    onSelect(next.id);
    event.currentTarget.querySelector(`[data-id="${next.id}"]`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} onKeyDown=${move}>
    ${tabs.map(
      ({ id, title }) =>
        html`<button
          type="button"
          role="tab"
          data-id=${id}
          aria-selected=${String(id === selected)}
          tabindex=${id === selected ? 0 : -1}
          onClick=${() => onSelect(id)}
        >
          ${title}
        </button>`,
    )}
  </div>`;
}
