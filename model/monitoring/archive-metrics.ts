/**
 * What the archive function measures; dimensions `feed` and `function`. Of the objects that it created alone: what comes
 * again and is there already does not count twice.
 */
export const archiveMetrics = {
  recordsLanded: 'RecordsLanded',
  objectsWritten: 'ObjectsWritten',
  /** As they are stored, compressed. */
  bytesWritten: 'BytesWritten',
} as const;

export const archiveFunctionDimension = 'archive';
