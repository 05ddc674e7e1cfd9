import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type ColumnType = 'string' | 'int' | 'bigint';

/** One of the questions to the joined posts, answered by Athena from the silver tables. */
export interface Question {
  /** Of its file in `questions/`, of its named query, and behind `gold_` of its table. */
  readonly name: string;
  readonly title: string;
  /** Of the answer, in order; the types are those of Athena's DDL. */
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
  readonly sql: string;
}

const sqlOf = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'questions', `${name}.sql`), 'utf8').trim();

const question = (name: string, title: string, columns: Question['columns']): Question => ({
  name,
  title,
  columns,
  sql: sqlOf(name),
});

const country = ['country', 'string'] as const;
const category = ['category', 'string'] as const;
const categoryCount = ['category_count', 'bigint'] as const;
const postYear = ['post_year', 'int'] as const;
const ageGroup = ['age_group', 'string'] as const;
const joiningYear = ['joining_year', 'int'] as const;
const followerCount = ['follower_count', 'bigint'] as const;
const medianFollowerCount = ['median_follower_count', 'bigint'] as const;

/** The second and the third question have two answers each. */
export const questions: readonly Question[] = [
  question('most_popular_category_by_country', '1: the most popular category in each country', [
    country,
    category,
    categoryCount,
  ]),
  question('most_popular_category_by_year', '2: the most popular category each year from 2018 to 2022', [
    postYear,
    category,
    categoryCount,
  ]),
  question('posts_by_year_and_category', '2: posts in each year from 2018 to 2022 and category', [
    postYear,
    category,
    categoryCount,
  ]),
  question('most_followed_user_by_country', '3a: the user with most followers in each country', [
    country,
    ['poster_name', 'string'],
    followerCount,
  ]),
  question('country_of_most_followed_user', '3b: the country of the user with most followers', [
    country,
    followerCount,
  ]),
  question('most_popular_category_by_age_group', '4: the most popular category in each age group', [
    ageGroup,
    category,
    categoryCount,
  ]),
  question('median_followers_by_age_group', '5: the median follower count in each age group', [
    ageGroup,
    medianFollowerCount,
  ]),
  question('users_joined_by_year', '6: users who joined in each year from 2015 to 2020, and their posts', [
    joiningYear,
    ['number_users_joined', 'bigint'],
    ['number_posts', 'bigint'],
  ]),
  question('median_followers_by_joining_year', '7: the median follower count by year of joining, 2015 to 2020', [
    joiningYear,
    medianFollowerCount,
  ]),
  question(
    'median_followers_by_joining_year_and_age_group',
    '8: the median follower count by age group and year of joining, 2015 to 2020',
    [ageGroup, joiningYear, medianFollowerCount],
  ),
];

/** Its table of answers, one set a run. */
export const goldTable = ({ name }: Question): string => `gold_${name}`;
