/** Rows of text in columns: those that are `right` to the right. @param right @default - all but the first */
export function table(rows: readonly (readonly (string | number)[])[], right?: readonly boolean[]): string {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  const isRight = (column: number): boolean => right?.[column] ?? column > 0;
  const widths = texts[0]!.map((_, column) => Math.max(...texts.map((row) => row[column]!.length)));
  return texts
    .map((row) =>
      row.map((cell, at) => (isRight(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!))).join('  '),
    )
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n');
}
