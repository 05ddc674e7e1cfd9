export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** @throws EnvironmentError when the function's template does not set it. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new EnvironmentError(`${name} is not set: set it in the function's template.`);
  return value;
}
