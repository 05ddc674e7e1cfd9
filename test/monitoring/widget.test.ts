import { describe, expect, test } from '@jest/globals';
import { documentation, html, requestOf } from '../../lambda/monitoring/widget/widget.ts';

const answer = (more: object = {}) =>
  JSON.stringify({
    layer: 'live',
    freshness: 3.2,
    notes: [],
    columns: ['category', 'posts'],
    rows: [
      { category: 'art', posts: 4 },
      { category: null, posts: 1 },
    ],
    ...more,
  });

describe('a widget', () => {
  test('shows what the answer says of itself, and its rows with bars', () => {
    const drawn = html(200, answer());
    expect(drawn).toContain('<small>live, 3 s old</small>');
    expect(drawn).toContain('<th>category</th><th>posts</th>');
    expect(drawn).toMatch(/<td>art<\/td><td style="[^"]*\.25\) 100%[^"]*">4<\/td>/);
    expect(drawn).toMatch(/<td>–<\/td><td style="[^"]*\.25\) 25%[^"]*">1<\/td>/);
  });

  test.each(['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "a' onclick='b", '&lt;b&gt;'])(
    'escapes %s wherever it stands',
    (text) => {
      const drawn = html(
        200,
        answer({
          layer: text,
          columns: [text],
          rows: [{ [text]: text }],
          notes: [{ message: text }],
        }),
      );
      expect(drawn).not.toContain(text);
      expect(drawn).not.toMatch(/<(?!\/?(p|small|table|tr|th|td|b)[ >])/);
      const refused = html(422, JSON.stringify({ message: text }));
      expect(refused).not.toContain(text);
    },
  );

  test('says why there is no answer', () => {
    expect(html(503, '{"message":"No run of the batch layer has ended yet."}')).toBe(
      '<p><b>503</b> No run of the batch layer has ended yet.</p>',
    );
    expect(html(200, answer({ rows: [] }))).toContain('No rows.');
    expect(html(200, answer({ freshness: null, next: 'x' }))).toContain('nothing counted yet, the first 2 rows');
  });

  test('draws large numbers, which are texts, and negative ones without a bar', () => {
    const drawn = html(200, answer({ columns: ['sum'], rows: [{ sum: '123456789012345678901' }, { sum: -1 }] }));
    expect(drawn).toContain('<td>123456789012345678901</td>');
    expect(drawn).not.toContain('gradient');
  });
});

describe('its request', () => {
  test.each([
    [{ kind: 'questions', name: 'recent_errors' }, '10'],
    [{ kind: 'metrics', name: 'posters', limit: 3 }, '3'],
    [{ kind: 'metrics', name: 'posters', limit: 1e9 }, '100'],
    [{ kind: 'metrics', name: 'posters', limit: 'many' as never }, '10'],
    [{ kind: 'metrics', name: 'posters', limit: -1 }, '1'],
  ])('of %j asks for %s rows', (event, limit) => {
    expect(requestOf(event)).toEqual({
      method: 'GET',
      path: [event.kind, event.name],
      query: { limit: [limit] },
      headers: {},
    });
  });
});

test('the documentation shows an example that works', () => {
  expect(documentation).toContain('kind: questions\nname: recent_errors');
});
