import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Unpacks a plugin's ZIP, once for each content.
 * @returns a folder for `plugin.path`, in which the plugin is one folder
 */
export async function unpackPlugin(zip: string, directory: string, python: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(zip)).digest('hex').slice(0, 16);
  const place = join(directory, hash);
  if (existsSync(place)) return place;
  mkdirSync(directory, { recursive: true });
  const scratch = mkdtempSync(join(directory, 'unpacking-'));
  try {
    await run(python, ['-m', 'zipfile', '-e', zip, join(scratch, 'plugin')]);
    renameSync(scratch, place);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
  return place;
}
