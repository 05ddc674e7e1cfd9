import postsByCategoryAndAgeGroup from '../../metrics/entries/posts-by-category-and-age-group.ts';
import { type Question, total } from '../question.ts';

export default {
  name: 'most_popular_category_by_age_group',
  number: '4',
  title: 'The most popular category in each age group',
  metric: postsByCategoryAndAgeGroup,
  by: ['age_group', 'category'],
  values: { category_count: total() },
  top: { of: 'category_count', within: ['age_group'] },
} satisfies Question;
