import { randomFor, weighted } from './random.ts';

/** Who posted, as the user table has them. */
export interface Person {
  readonly first_name: string;
  readonly last_name: string;
  readonly age: number;
  /** `2017-03-29T14:05:11` */
  readonly date_joined: string;
}

export interface Poster {
  readonly poster_name: string;
  readonly follower_count: string;
}

/** Every run of so many posts has people of its own: some 830 of them. */
const run = 1_059;
const busyPeople = 50;
const otherPeople = 5_000;

/** A fifth of the posts is by a few busy people. */
export function personOf(seed: number, index: number): Person {
  const draw = randomFor(seed, 'post', index, 1);
  const number = draw.datatype.boolean(0.2)
    ? draw.number.int(busyPeople - 1)
    : busyPeople + draw.number.int(otherPeople - 1);
  const random = randomFor(seed, 'person', Math.floor(index / run), number);
  const [youngest, oldest] = weighted(random, [
    [44, [20, 24]],
    [31, [25, 35]],
    [17, [36, 50]],
    [8, [51, 60]],
  ] as const);
  return {
    first_name: random.person.firstName(),
    last_name: random.person.lastName(),
    age: random.number.int({ min: youngest, max: oldest }),
    date_joined: dateBetween(random.number.float(), joined),
  };
}

export function posterOf(seed: number, index: number): Poster {
  const number = randomFor(seed, 'post', index, 2).number.int(699);
  const random = randomFor(seed, 'poster', Math.floor(index / run), number);
  const form = weighted(random, [
    [72.3, 'thousands'],
    [18, 'digits'],
    [8, 'millions'],
    [0.7, 'none'],
    [1, 'error'],
  ] as const);
  if (form === 'error') return { poster_name: 'User Info Error', follower_count: 'User Info Error' };
  const poster_name = weighted(random, [
    [5, random.company.name()],
    [4, random.person.fullName()],
    [1, `${random.word.noun()} | ${random.word.noun()}`],
  ]);
  return { poster_name, follower_count: followers[form](random.number.float()) };
}

/** Of a number from 0 to 1: small counts are more frequent than great ones. */
const followers = {
  thousands: (u: number) => `${Math.floor(999 * u ** 2) + 1}k`,
  digits: (u: number) => String(Math.floor(999 * u) + 1),
  millions: (u: number) => `${Math.floor(15 * u ** 3) + 1}M`,
  none: () => '0',
} as const;

const joined = ['2015-10-21T00:00:00Z', '2017-10-20T23:59:59Z'] as const;
const posted = ['2017-10-21T00:00:00Z', '2022-10-31T23:59:59Z'] as const;

/** Posts begin when joining has ended: nobody posts before joining. */
export const postedAt = (u: number): string => dateBetween(u, posted);

function dateBetween(u: number, [from, to]: readonly [string, string]): string {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  return new Date(first + u * (last - first)).toISOString().slice(0, 19);
}
