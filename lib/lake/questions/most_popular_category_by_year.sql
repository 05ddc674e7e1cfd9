SELECT post_year, category, category_count
FROM (
  SELECT post_year, category, category_count,
    rank() OVER (PARTITION BY post_year ORDER BY category_count DESC) AS place
  FROM (
    SELECT CAST(year(g."timestamp") AS integer) AS post_year, coalesce(p.category, 'unknown') AS category,
      count(*) AS category_count
    FROM silver_pin p
    JOIN silver_geo g ON g.ind = p.ind
    WHERE year(g."timestamp") BETWEEN 2018 AND 2022
    GROUP BY 1, 2
  )
)
WHERE place = 1
