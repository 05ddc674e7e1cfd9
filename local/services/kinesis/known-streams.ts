type Callback = (error: Error | null, stream?: unknown) => void;

/** kinesalite's store of stream descriptions. */
export interface StreamStore {
  get(name: string, callback: Callback): void;
  put(name: string, stream: object, callback: Callback): void;
  del(name: string, callback: Callback): void;
}

/**
 * Makes the store remember what was written to it: every put of a record reads its stream's description and writes it
 * with the next sequence number. Each time a description of its own is given out, because the actions change it.
 */
export function rememberStreams(store: StreamStore): void {
  const known = new Map<string, string>();
  const [get, put, del] = [store.get.bind(store), store.put.bind(store), store.del.bind(store)];
  store.get = (name, callback) => {
    const json = known.get(name);
    if (json === undefined) get(name, callback);
    else setImmediate(callback, null, JSON.parse(json));
  };
  store.put = (name, stream, callback) => {
    known.set(name, JSON.stringify(stream));
    put(name, stream, callback);
  };
  store.del = (name, callback) => {
    known.delete(name);
    del(name, callback);
  };
}
