import type { Countable } from '../../lambda/speed/aggregate/countable.ts';
import type { Addend } from '../../model/compile/contribution.ts';
import type { Post } from '../../model/post.ts';

/**
 * Five counters a post, of dimensions with few values: posts by category and country, by category and year, by age
 * group and category; followers by country; posts by age group and half-decade of followers. To compare with what
 * others measure of such counters; the model has its own.
 */
export const fiveCounters: Countable = {
  id: 'five.bounded',
  delta: (before, after) => {
    const sums = new Map<string, bigint>();
    const add = (post: Post | undefined, sign: bigint) => {
      for (const [member, amount] of counted(post)) sums.set(member, (sums.get(member) ?? 0n) + sign * amount);
    };
    add(before, -1n);
    add(after, 1n);
    return [...sums].flatMap(([member, amount]): Addend[] =>
      amount === 0n ? [] : [{ counter: { group: '', member }, amount }],
    );
  },
  expiresAt: () => undefined,
};

function counted(post: Post | undefined): readonly (readonly [string, bigint])[] {
  if (post?.pin === undefined || post.geo === undefined || post.user === undefined) return [];
  const { category } = post.pin.fields;
  const { country, timestamp } = post.geo.fields;
  const followers = Number(post.pin.fields['follower_count'] ?? 0);
  const year = String(timestamp).slice(0, 4);
  const ages = ageGroup(Number(post.user.fields['age']));
  return [
    [`cc|${category}|${country}`, 1n],
    [`cy|${category}|${year}`, 1n],
    [`ac|${ages}|${category}`, 1n],
    [`sf|${country}`, BigInt(followers)],
    [`hf|${ages}|${followers < 1 ? 0 : Math.floor(Math.log10(followers) * 2)}`, 1n],
  ];
}

const ageGroup = (age: number): string => (age < 25 ? '18-24' : age < 36 ? '25-35' : age < 51 ? '36-50' : '50+');
