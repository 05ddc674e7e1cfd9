import { answersPerSecond, httpRequest } from '../load.ts';
import { type Cell, ratio, type Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';

const list = '/questions';
const routes = [
  '/metrics/posts-by-category',
  '/questions/most_popular_category_by_country',
  '/questions/median_followers_by_age_group',
];
const connections = [1, 8];

/** Live answers a second over HTTP, beside the list of questions, which reads no counter. */
export async function servedSection({ note, quick }: Surroundings, apiUrl: string): Promise<Section> {
  note('asking for live answers');
  const port = Number(new URL(apiUrl).port);
  const rate = (route: string, of: number, ms: number) =>
    answersPerSecond({
      port,
      requests: [httpRequest('GET', `/prod${route}`, {}, '')],
      connections: of,
      warmMs: 500,
      ms,
    });
  const most = Math.max(...connections);
  for (const route of [list, ...routes]) await rate(route, most, 2_000);
  const rates = new Map<string, number[]>([list, ...routes].map((route) => [route, []]));
  for (const of of connections) {
    for (const [route, found] of rates) found.push(await rate(route, of, quick ? 2_000 : 5_000));
  }
  const lists = rates.get(list)!;
  return {
    name: 'served',
    title: 'Live answers a second over HTTP',
    columns: ['route', ...connections.flatMap((of) => [`${of} at a time`, `of the list (${of})`])],
    rows: [...rates].map(([route, found]): Cell[] => [
      route,
      ...found.flatMap((answers, at) => [answers, ratio(answers, lists[at]!)]),
    ]),
  };
}
