/** What cleaning counts, in either layer. */
export const rowMetrics = {
  recordsIn: 'RecordsIn',
  rowsIn: 'RowsIn',
  rowsApplied: 'RowsApplied',
  rowsDuplicate: 'RowsDuplicate',
  rowsSuperseded: 'RowsSuperseded',
  rowsQuarantined: 'RowsQuarantined',
} as const;
