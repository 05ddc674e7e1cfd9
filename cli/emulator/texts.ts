import type { Faker } from '@faker-js/faker';
import { weighted } from './random.ts';

/** What real titles and descriptions hold and careless code breaks on. */
export const hazards = [
  '\u{1F384}\u2728 DIY & crafts \u{1F469}\u200D\u{1F3A8}',
  'She said "wow", it\'s 100% real',
  "back\\slash | pipe | $input.path('$') #set($x = 1)",
  '夏の旅行 — 京都の紅葉',
  'Идеи для дома',
  'Ιδέες για το σπίτι',
  '\u{1D4D1}\u{1D4EE}\u{1D4EA}\u{1D4FE}\u{1D4FD}\u{1D502} hacks',
  'two\nlines\tand a tab',
  '{"json": [1, 2]} </script>',
] as const;

export function title(random: Faker): string {
  const words = random.lorem.words({ min: 3, max: 9 });
  return weighted(random, [
    [70, capital(words)],
    [18, `${capital(words)} ${random.helpers.arrayElement(hazards)}`],
    [5, 'No Title Data Available'],
    [4, `${capital(random.lorem.words(40)).slice(0, 199)}…`],
    [2, 'Untitled'],
    [1, ''],
  ]);
}

export function description(random: Faker, isStory: boolean): string {
  if (isStory) return 'No description available Story format';
  const sentences = random.lorem.sentences({ min: 1, max: 3 });
  return weighted(random, [
    [60, sentences],
    [20, `${sentences}…\u00A0`],
    [12, `${random.helpers.arrayElement(hazards)} ${sentences}\u00A0`],
    [4, 'No description available'],
    [3, 'Untitled'],
    [1, ''],
  ]);
}

export function tags(random: Faker): string {
  const list = Array.from({ length: random.number.int({ min: 3, max: 8 }) }, () => capital(random.lorem.words(2)));
  return weighted(random, [
    [93, list.join(',')],
    [7, 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e'],
  ]);
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
