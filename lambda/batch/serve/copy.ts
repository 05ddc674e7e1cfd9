import type { Readable } from 'node:stream';
import { PAGE_ROWS, type ServedIndex, type ServedPage } from '../../../model/serving/served-copies.ts';
import { resultRows } from '../../shared/athena-result.ts';

type Cell = string | number | null;
type ColumnType = 'text' | 'number';

export interface ResultColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** The result of a query is not what was asked for. */
export class ResultError extends Error {
  override readonly name = 'ResultError';
}

/**
 * Cuts the result of a query into pages, one in memory at a time.
 * @returns the number of rows
 * @throws ResultError when its columns are not the expected ones, in their order
 */
export async function copyResult(
  csv: Readable,
  columns: readonly ResultColumn[],
  writePage: (page: number, content: ServedPage) => Promise<void>,
): Promise<Pick<ServedIndex, 'columns' | 'rows' | 'pageRows'>> {
  const names = columns.map(({ name }) => name);
  let head: readonly (string | null)[] | undefined;
  let page: Cell[][] = [];
  let pages = 0;
  let rows = 0;
  for await (const record of resultRows(csv)) {
    if (head === undefined) {
      head = record;
      if (head.join() !== names.join())
        throw new ResultError(`The result has ${head.join(', ')}, not ${names.join(', ')}`);
      continue;
    }
    page.push(record.map((value, at) => cellOf(value, columns[at]!.type)));
    rows++;
    if (page.length < PAGE_ROWS) continue;
    await writePage(pages++, { rows: page });
    page = [];
  }
  if (head === undefined) throw new ResultError('The result is empty, without even the names of its columns');
  if (page.length > 0) await writePage(pages, { rows: page });
  return { columns: names, rows, pageRows: PAGE_ROWS };
}

function cellOf(text: string | null, type: ColumnType): Cell {
  if (text === null || type === 'text') return text;
  const number = Number(text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}
