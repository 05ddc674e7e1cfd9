import postersByCountryAndFollowers from '../../metrics/entries/posters-by-country-and-followers.ts';
import { greatest, type Question } from '../question.ts';

export default {
  name: 'most_followed_user_by_country',
  number: '3a',
  title: 'The user with most followers in each country',
  metric: postersByCountryAndFollowers,
  by: ['country', 'poster_name'],
  values: { follower_count: greatest('follower_count') },
  top: { of: 'follower_count', within: ['country'] },
} satisfies Question;
