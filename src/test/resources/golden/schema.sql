-- Prints the schema, one line an object or a line of its definition. The names of constraints and columns' places count.
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.reloptions
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'flyway\_%'
),
line (kind, owner, place, text) AS (
    SELECT 1, relname, 0,
           CASE relkind WHEN 'r' THEN 'TABLE ' WHEN 'v' THEN 'VIEW ' END || relname
           || coalesce(' WITH ' || reloptions::text, '') || coalesce(' -- ' || obj_description(oid, 'pg_class'), '')
    FROM relation WHERE relkind IN ('r', 'v')
    UNION ALL
    SELECT 1, relname, a.attnum::int,
           '  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
           || CASE WHEN r.relkind = 'r' AND a.attcollation = '"C"'::regcollation THEN ' COLLATE "C"' ELSE '' END
           || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
           || CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
           || CASE a.attgenerated WHEN 's' THEN ' GENERATED ALWAYS AS ' ELSE coalesce(left(' DEFAULT ', 9 * (d.oid > 0)::int), '') END
           || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
           || coalesce(' -- ' || col_description(r.oid, a.attnum), '')
    FROM relation r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    WHERE relkind IN ('r', 'v')
    UNION ALL
    SELECT 1, relname, 2000, '  CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(k.oid)
    FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype <> 'n'
    UNION ALL
    SELECT 1, t.relname, 3000,
           '  ' || pg_get_indexdef(r.oid)
           || coalesce((SELECT string_agg(' STATISTICS ' || a.attnum || '=' || a.attstattarget, '' ORDER BY a.attnum)
                        FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attstattarget IS NOT NULL), '')
           || coalesce(' -- ' || obj_description(r.oid, 'pg_class'), '')
    FROM relation r JOIN pg_index i ON i.indexrelid = r.oid JOIN pg_class t ON t.oid = i.indrelid
    UNION ALL
    SELECT 1, relname, 4000, '  ' || pg_get_triggerdef(t.oid)
    FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 1, relname, 5000 + l.number::int, '  | ' || l.line
    FROM relation r CROSS JOIN LATERAL string_to_table(pg_get_viewdef(r.oid), E'\n') WITH ORDINALITY AS l (line, number)
    WHERE relkind = 'v'
    UNION ALL
    SELECT 2, s.sequencename, 0,
           'SEQUENCE ' || s.sequencename || ' ' || s.data_type || ' START ' || s.start_value || ' MAXVALUE ' || s.max_value
           || CASE WHEN s.cycle THEN ' CYCLE' ELSE '' END
    FROM pg_sequences s WHERE s.schemaname = 'public'
    UNION ALL
    SELECT 3, p.oid::regprocedure::text, l.number::int, CASE l.number WHEN 1 THEN '' ELSE '  | ' END || l.line
    FROM pg_proc p
    CROSS JOIN LATERAL string_to_table(rtrim(pg_get_functiondef(p.oid), E'\n'), E'\n') WITH ORDINALITY AS l (line, number)
    WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 3, p.oid::regprocedure::text, 9000, '  -- ' || obj_description(p.oid, 'pg_proc')
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NOT NULL
)
SELECT text FROM line ORDER BY kind, owner COLLATE "C", place, text COLLATE "C"
