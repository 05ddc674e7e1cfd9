import followersByAgeGroupAndJoiningYear from '../../metrics/entries/followers-by-age-group-and-joining-year.ts';
import { between, median, type Question } from '../question.ts';

export default {
  name: 'median_followers_by_joining_year_and_age_group',
  number: '8',
  title: 'The median follower count by age group and year of joining, 2015 to 2020',
  metric: followersByAgeGroupAndJoiningYear,
  where: [between('joining_year', 2015, 2020)],
  by: ['age_group', 'joining_year'],
  values: { median_follower_count: median },
} satisfies Question;
