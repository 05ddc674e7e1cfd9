/**
 * What a column cannot be called without quotes, in statements of either kind.
 * https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
 */
export const reservedWords: ReadonlySet<string> = new Set(
  `
  all alter and array as authorization between bigint binary boolean both by case cashe cast char column commit conf
  constraint create cross cube current current_catalog current_date current_path current_schema current_time
  current_timestamp current_user cursor database date dayofweek deallocate decimal delete describe distinct div double
  drop else end escape except exchange execute exists extended external extract false fetch first float floor following
  for foreign from full function grant group grouping having if import in inner insert int integer intersect interval
  into is join json_array json_exists json_object json_query json_table json_value last lateral left less like listagg
  local localtime localtimestamp macro map more natural none normalize not null numeric of on only or order out outer
  over partialscan partition percent preceding precision prepare preserve primary procedure range reads recursive reduce
  references regexp revoke right rlike rollback rollup row rows select set skip smallint start table tablesample then
  time timestamp to transform trigger trim true truncate uescape unbounded union unique uniquejoin unnest update user
  using utc_timestamp values varchar views when where window with year
  `
    .trim()
    .split(/\s+/),
);
