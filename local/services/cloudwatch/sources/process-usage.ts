import { globSync, readFileSync, statfsSync } from 'node:fs';

/** Of the file system that a directory is on. */
export function diskUsedPercent(directory: string): number | undefined {
  try {
    const { blocks, bavail } = statfsSync(directory);
    return (100 * (blocks - bavail)) / blocks;
  } catch {
    return undefined;
  }
}

const MAGIC = 0xcafec0c0;
/** A Java long, and its type in the table. */
const LONG_TYPE = 'J';
const HEADER = { byteOrder: 4, entryOffset: 24, entries: 28 } as const;
const ENTRY = { nameOffset: 4, type: 12, dataOffset: 16 } as const;

/**
 * How full the heap of a JVM was after its last collection: what the old generation and the survivors held of all there
 * may be. From the counters that the JVM keeps in a file; undefined where it keeps none.
 */
export function heapPercent(pid: number): number | undefined {
  const [file] = globSync(`/tmp/hsperfdata_*/${pid}`);
  const counters = file === undefined ? undefined : countersIn(file);
  if (counters === undefined) return undefined;
  const of = (name: string): number => counters.get(`sun.gc.generation.${name}`) ?? 0;
  const most = of('0.maxCapacity') + of('1.maxCapacity');
  if (most === 0) return undefined;
  return (100 * (of('1.space.0.used') + of('0.space.1.used') + of('0.space.2.used'))) / most;
}

function countersIn(file: string): Map<string, number> | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  if (bytes.length < 32 || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const little = bytes[HEADER.byteOrder] === 1;
  const int = (at: number): number => (little ? bytes.readInt32LE(at) : bytes.readInt32BE(at));
  const long = (at: number): number => Number(little ? bytes.readBigInt64LE(at) : bytes.readBigInt64BE(at));
  const counters = new Map<string, number>();
  let at = int(HEADER.entryOffset);
  for (let left = int(HEADER.entries); left > 0 && at + 20 <= bytes.length; left -= 1) {
    const start = at + int(at + ENTRY.nameOffset);
    const name = bytes.toString('latin1', start, bytes.indexOf(0, start));
    if (String.fromCharCode(bytes[at + ENTRY.type]!) === LONG_TYPE)
      counters.set(name, long(at + int(at + ENTRY.dataOffset)));
    at += int(at);
  }
  return counters;
}

/** Of `/proc/<pid>/stat`, on every Linux that Node runs on. */
export const TICKS_PER_SECOND = 100;

/** What a process has used since its start, in ticks, and when that was. */
export function cpuOf(pid: number): { user: number; system: number; time: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { user: Number(fields[11]), system: Number(fields[12]), time: Date.now() };
  } catch {
    return undefined;
  }
}
