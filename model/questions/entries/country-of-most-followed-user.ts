import postersByCountryAndFollowers from '../../metrics/entries/posters-by-country-and-followers.ts';
import { greatest, type Question } from '../question.ts';

export default {
  name: 'country_of_most_followed_user',
  number: '3b',
  title: 'The country of the user with most followers',
  metric: postersByCountryAndFollowers,
  by: ['country'],
  values: { follower_count: greatest('follower_count') },
  top: { of: 'follower_count', within: [] },
} satisfies Question;
