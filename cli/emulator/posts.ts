import type { FeedName } from '../../model/rules/rule.ts';
import { personOf, postedAt, posterOf } from './people.ts';
import { randomFor, weighted } from './random.ts';
import { description, tags, title } from './texts.ts';

export const feedNames = ['pin', 'geo', 'user'] as const satisfies readonly FeedName[];

/** A row as a sender has it, before it is JSON. */
export type RawRow = Readonly<Record<string, unknown>>;
/** The three rows of one post. */
export type RawPost = Readonly<Record<FeedName, RawRow>>;

/** The source holds as many posts; an index beyond them wraps round its categories. */
export const postsInSource = 11_154;

export const categories = [
  'art',
  'beauty',
  'christmas',
  'diy-and-crafts',
  'education',
  'event-planning',
  'finance',
  'home-decor',
  'mens-fashion',
  'quotes',
  'tattoos',
  'travel',
  'vehicles',
] as const;

export function categoryOf(index: number): string {
  return categories[Math.floor(((index % postsInSource) * categories.length) / postsInSource)]!;
}

/** Post number `index` of the synthetic source: the same seed and index give the same post. */
export function syntheticPost(seed: number, index: number): RawPost {
  const person = personOf(seed, index);
  const poster = posterOf(seed, index);
  const random = randomFor(seed, 'post', index);
  const category = categoryOf(index);
  const media = weighted(random, [
    [89, 'image'],
    [8, 'multi-video(story page format)'],
    [3, 'video'],
  ] as const);
  const unique_id = random.string.uuid();
  const pin = {
    index,
    unique_id,
    title: title(random),
    description: description(random, media.startsWith('multi')),
    ...poster,
    tag_list: tags(random),
    is_image_or_video: media,
    image_src: random.datatype.boolean(0.01)
      ? 'Image src error.'
      : `https://i.pinimg.example/originals/${unique_id.slice(0, 2)}/${unique_id}.jpg`,
    downloaded: random.datatype.boolean(0.97) ? 1 : 0,
    save_location: `Local save in /data/${category}`,
    category,
  };
  const countries = random.definitions.location.country;
  const geo = {
    ind: index,
    timestamp: written(postedAt(random.number.float()), random.number.float()),
    latitude: sixDigits(random.number.float({ min: -90, max: 90 })),
    longitude: sixDigits(random.number.float({ min: -180, max: 180 })),
    country: ascii(countries[Math.floor(countries.length * random.number.float() ** 1.8)]!),
  };
  const user = { ind: index, ...person, date_joined: written(person.date_joined, random.number.float()) };
  return { pin, geo, user };
}

/** A FLOAT column of MySQL. */
const sixDigits = (value: number): number => Number(value.toPrecision(6));

/** Datetimes come in three forms. */
function written(iso: string, u: number): string {
  if (u < 0.5) return iso;
  const spaced = iso.replace('T', ' ');
  return u < 0.8 ? spaced : spaced.replaceAll('-', ':');
}

const ascii = (name: string): string => name.normalize('NFD').replace(/\p{M}/gu, '');
