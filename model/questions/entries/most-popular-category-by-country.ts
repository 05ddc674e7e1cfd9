import postsByCategoryAndCountry from '../../metrics/entries/posts-by-category-and-country.ts';
import { type Question, total } from '../question.ts';

export default {
  name: 'most_popular_category_by_country',
  number: '1',
  title: 'The most popular category in each country',
  metric: postsByCategoryAndCountry,
  by: ['country', 'category'],
  values: { category_count: total() },
  top: { of: 'category_count', within: ['country'] },
} satisfies Question;
