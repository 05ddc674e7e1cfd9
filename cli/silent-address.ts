/** `host:port` of this machine where nothing listens; undefined for any other error. */
export function silentAddress(error: unknown): string | undefined {
  const { code, address, port, errors } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
    /** One for each address of a name. */
    readonly errors?: readonly unknown[];
  };
  if (errors !== undefined && errors.length > 0) return silentAddress(errors[0]);
  const isHere = address === '::1' || address?.startsWith('127.');
  return code === 'ECONNREFUSED' && isHere ? `${address}:${port}` : undefined;
}
