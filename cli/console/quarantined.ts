import type { Quarantined } from '../../local/console/tools.ts';
import { formatCoordinate } from '../../model/coordinates.ts';
import { type Layer, layers, type QuarantinedRow, quarantinePrefix } from '../../model/quarantine.ts';
import type { Clients } from '../aws.ts';
import { listObjects, type ReadObject, readQuarantined, type StoredObject } from '../quarantine/bucket.ts';

type ListedObject = StoredObject & { readonly layer: Layer };

/** The newest rows in quarantine, for who looks again and again: an object is read when it is new, or written anew. */
export class NewestQuarantined {
  readonly #clients: Clients;
  /** By key and time of writing; undefined for what is no row. */
  #read: ReadonlyMap<string, Quarantined | undefined> = new Map();

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  /** The last to arrive first; `total` of all. @param limit how many, by the time of writing */
  async rows(
    bucket: string,
    limit: number,
  ): Promise<{ readonly rows: readonly Quarantined[]; readonly total: number }> {
    const listed = await Promise.all(
      layers.map(async (layer) =>
        (await listObjects(this.#clients, bucket, quarantinePrefix(layer))).map((object) => ({ ...object, layer })),
      ),
    );
    const objects = listed.flat().sort((one, other) => other.writtenAt - one.writtenAt);
    const newest = objects.slice(0, limit).map((object) => ({ ...object, id: `${object.key} ${object.writtenAt}` }));
    const before = this.#read;
    const unread = await readQuarantined(
      this.#clients,
      bucket,
      newest.filter(({ id }) => !before.has(id)),
    );
    const read = new Map([...before, ...unread.map((object) => [object.id, rowOf(object)] as const)]);
    this.#read = new Map(newest.flatMap(({ id }) => (read.has(id) ? [[id, read.get(id)] as const] : [])));
    const rows = [...this.#read.values()].filter((row) => row !== undefined);
    return { rows: rows.sort((one, other) => (one.arrival < other.arrival ? 1 : -1)), total: objects.length };
  }
}

function rowOf(object: ReadObject<QuarantinedRow, ListedObject>): Quarantined | undefined {
  if (!('content' in object)) return undefined;
  const { coordinate, field, ...row } = object.content;
  const named = field === null ? {} : { field };
  return { ...row, ...named, key: object.key, layer: object.layer, coordinate: formatCoordinate(coordinate) };
}
