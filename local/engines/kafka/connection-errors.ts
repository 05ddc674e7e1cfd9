import { type Connection, connectionsConnectsChannel } from '@platformatic/kafka';

/**
 * When a broker dies while it lets a client in, a connection of @platformatic/kafka tells of two errors: the client
 * takes the first, and with nobody to listen the second would end this process. And of a connection that is lost, the
 * timer of its next authentication goes on, and keeps this process.
 */
export function listenToConnectionErrors(): void {
  connectionsConnectsChannel.start.unsubscribe(listen);
  connectionsConnectsChannel.start.subscribe(listen);
}

function listen(message: unknown): void {
  const { connection } = message as { readonly connection: Connection };
  if (connection.listenerCount('error', ignore) > 0) return;
  connection.on('error', ignore);
  connection.once('close', () => connection.close(ignore));
}

const ignore = (): void => {};
