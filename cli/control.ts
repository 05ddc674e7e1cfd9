import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The runtime does not run, or refuses. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

type Answer = Readonly<Record<string, unknown>>;

/** Asks the runtime whose state is there, through its console. @throws ControlError */
export type Ask = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Answer>;

/** By what the running console left for commands of the same user. @throws ControlError */
export function controlOf(stateDir: string): Ask {
  const { url, token } = accessIn(resolve(stateDir));
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'x-pinflow-token': token, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new ControlError(`Nothing answers at ${url}: npm start runs the pipeline.`);
    });
    const said = (await response.json().catch(() => undefined)) as { readonly error?: string } | undefined;
    if (said === undefined) throw new ControlError(`What answers at ${url} is no console of Pinflow.`);
    if (!response.ok) throw new ControlError(said.error ?? `${path} answers ${response.status}.`);
    return said as Answer;
  };
}

function accessIn(stateDir: string): { readonly url: string; readonly token: string } {
  const file = join(stateDir, 'console.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new ControlError(`${file} cannot be read: npm start runs the pipeline.`);
  }
}
