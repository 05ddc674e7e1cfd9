import { table } from '../table.ts';
import type { QueryResult } from './athena.ts';

/** SQL's NULL among the values of a table. */
const NULL = '-';
const longest = 60;

/** As columns, then what it cost. */
export function resultTable({ columns, rows }: Pick<QueryResult, 'columns' | 'rows'>): string {
  if (columns.length === 0) return '  Done.';
  const head = columns.map(({ name }) => name);
  const shown = rows.map((row) => row.map((value) => (value === null ? NULL : oneLine(value))));
  return table(
    [head, ...shown],
    columns.map(({ type }) => isNumber(type)),
  );
}

export function resultNote({ rows, more, scannedBytes, ms }: QueryResult): string {
  const count = `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'row' : 'rows'}`;
  return `${count}${more ? ', and more: --max' : ''}, ${bytesText(scannedBytes)} scanned, ${(ms / 1000).toFixed(1)} s`;
}

/** One object a row. Numbers stay texts where JSON's readers would round them. */
export function resultJson({ columns, rows }: QueryResult): readonly Record<string, unknown>[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, at) => [name, jsonValue(type, row[at] ?? null)])),
  );
}

/** RFC 4180, with NULL as nothing and the empty text as `""`, as Athena's own results. */
export function resultCsv({ columns, rows }: QueryResult): string {
  const quoted = (value: string | null | undefined) => (value == null ? '' : `"${value.replaceAll('"', '""')}"`);
  return [columns.map(({ name }) => name), ...rows].map((row) => row.map(quoted).join(',')).join('\n');
}

export const bytesText = (bytes: number): string => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`;
};

const isNumber = (type: string): boolean =>
  /^(tinyint|smallint|integer|int|bigint|float|real|double|decimal)/.test(type);

function jsonValue(type: string, value: string | null): unknown {
  if (value === null) return null;
  if (type === 'boolean') return value === 'true';
  if (!isNumber(type) || type.startsWith('decimal')) return value;
  const number = Number(value);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : value;
}

function oneLine(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would move the terminal's cursor.
  const text = [...value.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')];
  return text.length > longest ? `${text.slice(0, longest).join('')}…` : text.join('');
}
