import { randomUUID } from 'node:crypto';
import type { FeedName } from '../../model/rules/rule.ts';

/** A raw row that was sent, and where the stream put its record. */
export interface SentRow {
  readonly feed: FeedName;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly shardId: string;
  readonly sequenceNumber: string;
}

/** What a template, an escape or a character set could break. */
const hardText = `"double" 'single' \\back\\slash /slash\ttab\nline \u00a0… Ünïcôdé 日本語 😀 $input.json('$') #set($x = 1) <b>&amp;</b>`;

/** Far above every real post. Each row has an index of its own: no post of a smoke test is ever complete, so none is counted in joins. */
export function* freshIndexes(now = Date.now()): Generator<number> {
  for (let index = now * 100; ; index++) yield index;
}

export const pinRow = (index: number, title = hardText) => ({
  index,
  unique_id: randomUUID(),
  title,
  description: 'No description available',
  poster_name: 'Smoke Test',
  follower_count: '1.2k',
  tag_list: 'smoke,test',
  is_image_or_video: 'image',
  image_src: 'https://example.com/smoke.jpg',
  downloaded: 1,
  save_location: 'Local save in /data/smoke',
  category: 'smoke',
});

/** Numbers whose text differs between the languages on the way: 1.0E-7, 1e-7. */
export const geoRow = (ind: number) => ({
  ind,
  timestamp: '2020-08-28 03:52:47',
  latitude: -89.9787,
  longitude: 0.0000001,
  country: "Cote d'Ivoire",
});

export const userRow = (ind: number) => ({
  ind,
  first_name: 'Smoke',
  last_name: "O'Test",
  age: '36',
  date_joined: '2017:10:01 03:52:47',
});
