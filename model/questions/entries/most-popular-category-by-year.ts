import postsByCategoryAndPostYear from '../../metrics/entries/posts-by-category-and-post-year.ts';
import { between, type Question, total } from '../question.ts';

export default {
  name: 'most_popular_category_by_year',
  number: '2',
  title: 'The most popular category each year from 2018 to 2022',
  metric: postsByCategoryAndPostYear,
  where: [between('post_year', 2018, 2022)],
  by: ['post_year', 'category'],
  values: { category_count: total() },
  top: { of: 'category_count', within: ['post_year'] },
} satisfies Question;
