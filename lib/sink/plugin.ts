import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PluginProfile } from '../profiles/index.ts';

export class PluginError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PluginError';
  }
}

export interface Plugin {
  readonly path: string;
  /** Of its content, in hex. */
  readonly sha256: string;
}

/** Where set-up puts the connector of `connect/`. */
const OURS = join(import.meta.dirname, '..', '..', 'connect', 'dist', 'pinflow-s3-sink.zip');

/** The connector's ZIP. @throws PluginError when it is not there, or not the one that the profile means */
export function pluginOf(profile: PluginProfile | undefined, ours = OURS): Plugin {
  const path = profile?.path ?? ours;
  if (!existsSync(path)) {
    const remedy = profile ? 'correct the path in the profile' : 'run node setup/setup.mjs, which builds it';
    throw new PluginError(`There is no connector plugin ${path}: ${remedy}.`);
  }
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (profile && sha256 !== profile.sha256) {
    throw new PluginError(`${path} has the SHA-256 ${sha256}, not the ${profile.sha256} of the profile.`);
  }
  return { path, sha256 };
}
