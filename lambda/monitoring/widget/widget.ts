import type { HttpRequest } from '../../serving/query/request.ts';

/** What a dashboard's custom widget sends. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_samples.html */
export interface WidgetEvent {
  /** Asks for the documentation of the parameters instead. */
  readonly describe?: boolean;
  readonly kind?: string;
  readonly name?: string;
  /** Rows that are drawn. @default 10 */
  readonly limit?: number;
  readonly widgetContext?: unknown;
}

export const defaultRows = 10;
const mostRows = 100;

/** For the dialog in which a person edits a widget: Markdown, with an example in YAML. */
export const documentation = `## Pinflow answers
Draws a metric or the answer to a question, live where it can be.
### Parameters
Param | Description
---|---
**kind** | \`metrics\` or \`questions\`
**name** | as in \`GET /metrics\` and \`GET /questions\` of the API
**limit** | rows that are drawn, ${defaultRows} unless told otherwise
### Example
\`\`\` yaml
kind: questions
name: recent_errors
limit: 5
\`\`\`
`;

/** The request of the query API that a widget stands for. */
export function requestOf({ kind = '', name = '', limit = defaultRows }: WidgetEvent): HttpRequest {
  const rows = Math.min(mostRows, Math.max(1, Math.trunc(Number(limit)) || defaultRows));
  return { method: 'GET', path: [kind, name], query: { limit: [String(rows)] }, headers: {} };
}

/** The parts of an answer that are drawn; see `docs/serving.md`. */
interface DrawnAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
  readonly layer: string;
  readonly freshness: number | null;
  readonly notes: readonly { readonly message: string }[];
  readonly next?: string;
}

/**
 * HTML of an answer of the query API: what it says of itself, and its rows, with a bar for the last column of numbers.
 * Every text of it is escaped: titles and names come from whoever sends posts.
 */
export function html(status: number, body: string): string {
  if (status !== 200) return `<p><b>${status}</b> ${escaped(messageIn(body))}</p>`;
  const answer = JSON.parse(body) as DrawnAnswer;
  return [standing(answer), ...answer.notes.map(({ message }) => `<p>${escaped(message)}</p>`), table(answer)].join('');
}

function standing({ layer, freshness, next, rows }: DrawnAnswer): string {
  const age = freshness === null ? 'nothing counted yet' : `${duration(freshness)} old`;
  const more = next === undefined ? '' : `, the first ${rows.length} rows`;
  return `<p><small>${escaped(layer)}, ${escaped(age)}${more}</small></p>`;
}

function table({ columns, rows }: DrawnAnswer): string {
  if (rows.length === 0) return '<p>No rows.</p>';
  const bar = columns.findLast((column) => rows.every((row) => typeof row[column] === 'number' && row[column] >= 0));
  const most = bar === undefined ? 0 : Math.max(...rows.map((row) => Number(row[bar])));
  const head = columns.map((column) => `<th>${escaped(column)}</th>`).join('');
  const lines = rows.map((row) => {
    const cells = columns.map((column) => cell(row[column] ?? null, column === bar ? most : 0));
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table style="width:100%"><tr>${head}</tr>${lines.join('')}</table>`;
}

function cell(value: string | number | null, most: number): string {
  if (value === null) return '<td>–</td>';
  if (typeof value === 'string') return `<td>${escaped(value)}</td>`;
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (most <= 0) return `<td style="text-align:right">${text}</td>`;
  const width = Math.round((100 * value) / most);
  const background = `linear-gradient(to left, rgba(31,119,180,.25) ${width}%, transparent ${width}%)`;
  return `<td style="text-align:right;background:${background}">${text}</td>`;
}

function messageIn(body: string): string {
  const { message } = JSON.parse(body) as { message?: unknown };
  return typeof message === 'string' ? message : 'There is no answer.';
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
