import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { padded } from '../../model/counters/keys.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part, Post } from '../../model/post.ts';
import { rowsOf } from '../../model/rows.ts';
import type { FeedName } from '../../model/rules/rule.ts';

const startMs = Date.UTC(2026, 0, 1);

/**
 * The changes of so many posts, three each, as the emulators send them: one part after the other.
 * @param countries into which those of the posts are gathered; undefined: as they are
 */
export function changesOf(posts: number, countries?: number): readonly DynamoDBRecord[] {
  const records: DynamoDBRecord[] = [];
  for (const { index, rows } of syntheticPosts({ seed: 100, count: posts, dirty: 0, duplicates: 0 })) {
    let before: Post | undefined;
    for (const [feed, { data }] of rows) {
      const part = partOf(feed, data, records.length);
      const { country } = part.fields;
      const gathered =
        countries !== undefined && typeof country === 'string'
          ? { ...part, fields: { ...part.fields, country: `country ${hashOf(country) % countries}` } }
          : part;
      const after: Post = { ...before, ind: Number(index), [feed]: gathered, gen: 0 };
      records.push(recordOf(records.length, before, after));
      before = after;
    }
  }
  return records;
}

/** The part that a row becomes. */
export function partOf(feed: FeedName, data: unknown, offset: number): Part {
  const place = { source: 'kinesis', topic: 'bench', partition: 'shard', offset: String(offset) } as const;
  const bytes = Buffer.from(JSON.stringify(data));
  const [row] = rowsOf({ ...place, arrivalMs: startMs, bytes }, feeds[feed]);
  if (row?.result.ok !== true) throw new RangeError(`${JSON.stringify(data)} is no clean row`);
  return { k: row.orderKey, rules: feeds[feed].rules, fields: row.result.fields };
}

const recordOf = (sequence: number, before: Post | undefined, after: Post): DynamoDBRecord => ({
  eventName: before === undefined ? 'INSERT' : 'MODIFY',
  dynamodb: {
    SequenceNumber: padded(String(sequence)),
    ApproximateCreationDateTime: startMs / 1000,
    NewImage: marshall(after) as never,
    ...(before && { OldImage: marshall(before) as never }),
  },
});

const hashOf = (text: string): number => [...text].reduce((sum, letter) => sum + letter.codePointAt(0)!, 0);

/** Changes without an end: the same again and again, each with a sequence number of its own. */
export class ChangeSource {
  readonly #changes: readonly DynamoDBRecord[];
  #next = 0;

  constructor(changes: readonly DynamoDBRecord[]) {
    this.#changes = changes;
  }

  take(count: number): readonly DynamoDBRecord[] {
    return Array.from({ length: count }, () => {
      const sequence = this.#next++;
      const { dynamodb, ...record } = this.#changes[sequence % this.#changes.length]!;
      return { ...record, dynamodb: { ...dynamodb!, SequenceNumber: padded(String(sequence)) } };
    });
  }
}
