import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * Where a program in Java keeps the classes that it loaded, for a quicker start of the next one. Java takes an archive for
 * the class path alone that it was made with, and never replaces one of another class path: hence a file for each.
 * https://docs.oracle.com/en/java/javase/21/vm/class-data-sharing.html
 * @param madeFor the Java and all that is on the class path, in its order
 */
export function classArchive(cacheDir: string, program: string, madeFor: readonly string[]): string {
  const hash = createHash('sha256').update(madeFor.join('\n')).digest('hex');
  return join(cacheDir, `${program}-${hash.slice(0, 12)}.jsa`);
}

/** Java writes the file as it ends, where there is none that it can use. */
export const archiveOptions = (file: string): string[] => [
  '-XX:+AutoCreateSharedArchive',
  `-XX:SharedArchiveFile=${file}`,
  '-Xlog:cds=off',
  '-Xlog:cds+dynamic=off',
];
