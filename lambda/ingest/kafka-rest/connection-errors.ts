import { connectionsConnectsChannel } from '@platformatic/kafka';

/**
 * A broker that dies while it lets a client in makes two errors of one connection: the request in flight gets the first,
 * and the second is an event that ends the process of who does not listen. For the life of the environment.
 */
export function listenToConnectionErrors(): void {
  connectionsConnectsChannel.start.unsubscribe(listen);
  connectionsConnectsChannel.start.subscribe(listen);
}

function listen(message: unknown): void {
  const { connection } = message as { readonly connection: NodeJS.EventEmitter };
  if (connection.listenerCount('error', alreadyTold) === 0) connection.on('error', alreadyTold);
}

const alreadyTold = (): void => {};
