import followersByAgeGroupAndJoiningYear from '../../metrics/entries/followers-by-age-group-and-joining-year.ts';
import { median, type Question } from '../question.ts';

export default {
  name: 'median_followers_by_age_group',
  number: '5',
  title: 'The median follower count in each age group',
  metric: followersByAgeGroupAndJoiningYear,
  by: ['age_group'],
  values: { median_follower_count: median },
} satisfies Question;
