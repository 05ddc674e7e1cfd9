import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { table } from '../cli/table.ts';

export type Cell = string | number;

/** One table: each row has a cell for each column. */
export interface Section {
  /** Names it in the JSON. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Report {
  readonly bench: string;
  readonly sections: readonly Section[];
}

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
}

export function machine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export function printed({ bench, sections }: Report, on: Machine = machine()): string {
  const head = `${bench}, on ${on.cores} cores (${on.processor}), ${on.memoryGiB} GiB, ${on.platform}, Node ${on.node}`;
  return [head, ...sections.map(({ title, columns, rows }) => `\n${title}\n${table([columns, ...rows])}`)].join('\n');
}

/** `{bench, machine, <section>: [{<column>: <cell>}]}` */
export function asJson({ bench, sections }: Report, on: Machine = machine()): string {
  const named = sections.map(({ name, columns, rows }) => [
    name,
    rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))),
  ]);
  return JSON.stringify({ bench, machine: on, ...Object.fromEntries(named) }, null, 2);
}

export function written(report: Report, file: string): void {
  writeFileSync(file, `${asJson(report)}\n`);
}

/** Of a share: two digits after the point. */
export const ratio = (value: number, of: number): number => Math.round((value / of) * 100) / 100;
