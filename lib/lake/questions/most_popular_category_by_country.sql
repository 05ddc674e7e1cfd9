SELECT country, category, category_count
FROM (
  SELECT country, category, category_count,
    rank() OVER (PARTITION BY country ORDER BY category_count DESC) AS place
  FROM (
    SELECT coalesce(g.country, 'unknown') AS country, coalesce(p.category, 'unknown') AS category,
      count(*) AS category_count
    FROM silver_pin p
    JOIN silver_geo g ON g.ind = p.ind
    GROUP BY 1, 2
  )
)
WHERE place = 1
