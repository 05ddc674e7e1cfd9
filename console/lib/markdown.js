import { html } from '../vendor/ui.js';

/**
 * What our articles use of Markdown: headings, lists, tables, code, links, emphasis. No HTML passes through.
 * @param top the level of its headings `#` and `##` on the page
 */
export function markdown(text, top = 3) {
  return blocksOf(text.replace(/\r/g, '').split('\n'), top).map(drawn);
}

/** Of the items of a list. */
const markers = [/^\d+\. /, /^[-*] /];

function blocksOf(lines, top) {
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const rest = lines.slice(at);
    const run = (test) => {
      const end = rest.findIndex((one) => !test(one));
      return end === -1 ? rest : rest.slice(0, end);
    };
    let taken;
    if (line.startsWith('```')) {
      const end = rest.indexOf('```', 1);
      taken = rest.slice(0, end === -1 ? rest.length : end + 1);
      blocks.push({ kind: 'code', text: taken.slice(1, end === -1 ? undefined : -1).join('\n') });
    } else if (/^#{1,4} /.test(line)) {
      taken = [line];
      blocks.push({ kind: 'heading', level: line.indexOf(' ') < 3 ? top : top + 1, text: line.replace(/^#+ /, '') });
    } else if (/^\|/.test(line)) {
      taken = run((one) => one.startsWith('|'));
      blocks.push({ kind: 'table', rows: taken.filter((row) => !/^\|[\s:|-]+\|$/.test(row)).map(cellsOf) });
    } else if (markers.some((marker) => marker.test(line))) {
      const marker = markers.find((one) => one.test(line));
      taken = run((one) => marker.test(one) || /^( {2}|\s*$)/.test(one));
      blocks.push({ kind: /^\d/.test(line) ? 'steps' : 'list', items: itemsOf(taken, marker, top) });
    } else if (line.trim() === '') {
      taken = [line];
    } else {
      taken = run((one) => one.trim() !== '' && !/^(#{1,4} |```|\||\d+\. |[-*] )/.test(one));
      blocks.push({ kind: 'text', text: taken.join(' ') });
    }
    at += Math.max(1, taken.length);
  }
  return blocks;
}

const cellsOf = (row) =>
  row
    .slice(1, row.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim());

/** What is indented belongs to the item above it. @returns the blocks of each */
function itemsOf(lines, marker, top) {
  const items = [];
  for (const line of lines) {
    const [mark] = marker.exec(line) ?? [];
    if (mark) items.push({ width: mark.length, lines: [line.slice(mark.length)] });
    else items.at(-1).lines.push(line.slice(Math.min(items.at(-1).width, line.search(/\S|$/))));
  }
  return items.map((item) => blocksOf(item.lines, top));
}

const drawers = {
  code: ({ text }) => html`<pre tabindex="0">${text}</pre>`,
  heading: ({ level, text }) => html`<${`h${level}`}>${inline(text)}<//>`,
  list: ({ items }) => html`<ul>${items.map(drawnItem)}</ul>`,
  steps: ({ items }) => html`<ol>${items.map(drawnItem)}</ol>`,
  text: ({ text }) => html`<p>${inline(text)}</p>`,
  table: ({ rows: [head = [], ...rows] }) => html`<div class="table-box" tabindex="0" role="region" aria-label="Table">
    <table>
      <thead><tr>${head.map((cell) => html`<th scope="col">${inline(cell)}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`,
};

/** Most are one line of text. */
const drawnItem = (blocks) =>
  html`<li>${blocks.map((block, at) => (at === 0 && block.kind === 'text' ? inline(block.text) : drawn(block)))}</li>`;

const drawn = (block) => drawers[block.kind](block);

/** Links lead within the page or to the web; others are shown as their text. */
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/).map((part) => {
    if (part.startsWith('`')) return html`<code>${part.slice(1, -1)}</code>`;
    if (part.startsWith('**')) return html`<b>${part.slice(2, -2)}</b>`;
    const [, label, target] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part) ?? [];
    if (label === undefined) return part;
    return /^(https?:\/\/|#\/)/.test(target) ? html`<a href=${target} rel="noreferrer">${label}</a>` : label;
  });
}
