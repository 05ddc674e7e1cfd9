SELECT country, poster_name, follower_count
FROM (
  SELECT country, poster_name, follower_count,
    rank() OVER (PARTITION BY country ORDER BY follower_count DESC) AS place
  FROM (
    SELECT coalesce(g.country, 'unknown') AS country, coalesce(p.poster_name, 'unknown') AS poster_name,
      max(p.follower_count) AS follower_count
    FROM silver_pin p
    JOIN silver_geo g ON g.ind = p.ind
    WHERE p.follower_count IS NOT NULL
    GROUP BY 1, 2
  )
)
WHERE place = 1
