import posters from '../../metrics/entries/posters.ts';
import { greatest, type Question, total } from '../question.ts';

export default {
  name: 'profile_popularity',
  title: 'Posts and greatest follower count of the hundred posters with most posts',
  metric: posters,
  by: ['poster_name'],
  values: { posts: total(), follower_count: greatest('follower_count') },
  order: [{ column: 'posts', descending: true }],
  limit: 100,
} satisfies Question;
