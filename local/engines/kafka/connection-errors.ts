import { connectionsConnectsChannel } from '@platformatic/kafka';

/**
 * When a broker dies while it lets a client in, a connection of @platformatic/kafka tells of two errors: the client
 * takes the first, and with nobody to listen the second would end this process.
 */
export function listenToConnectionErrors(): void {
  connectionsConnectsChannel.start.unsubscribe(listen);
  connectionsConnectsChannel.start.subscribe(listen);
}

function listen(message: unknown): void {
  const { connection } = message as { readonly connection: NodeJS.EventEmitter };
  if (connection.listenerCount('error', ignore) === 0) connection.on('error', ignore);
}

const ignore = (): void => {};
