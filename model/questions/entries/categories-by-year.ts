import postsByCategoryAndPostYear from '../../metrics/entries/posts-by-category-and-post-year.ts';
import { between, pivot, type Question } from '../question.ts';

export default {
  name: 'categories_by_year',
  title: 'Categories by year of posting, a column a year',
  metric: postsByCategoryAndPostYear,
  where: [between('post_year', 2018, 2022)],
  by: ['category'],
  values: pivot('post_year', { y2018: '2018', y2019: '2019', y2020: '2020', y2021: '2021', y2022: '2022' }),
} satisfies Question;
