-- Roles for people who put questions to the archive with SQL, and may change nothing.
--
-- Run it in the archive's database, after the program has made its tables, as their owner (ARCHIVE_DATABASE_USER) with the
-- right to make roles, or as a superuser; as often as you like. Once more after an update of the program, since columns
-- that came to api_call or note_capture are granted by name.
--
--     psql -v ON_ERROR_STOP=1 -f db/analyst.sql 'postgresql://db.example.org/note_archive'
--
-- The roles are the same in all databases of a server: who has one of them reads each archive there for which this was run.
--
-- No password is in here. Give each person a login of their own:
--
--     CREATE ROLE ada LOGIN IN ROLE note_archive_analyst;
--     \password ada
--     ALTER ROLE ada SET statement_timeout = '60s';
--
-- note_archive_analyst   reads every table and view, those of later versions included, and searches; not the raw answers.
-- note_archive_answers   reads the raw answers, too: api_call.response and note_capture.response. They contain data without a
--                        column: of other people, and share tokens, which open a note like a link.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'note_archive_analyst') THEN
        CREATE ROLE note_archive_analyst NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'note_archive_answers') THEN
        CREATE ROLE note_archive_answers NOLOGIN;
    END IF;
END
$$;

DO $$
DECLARE
    owner    name := (SELECT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = 'worklist');
    target   text;
    columns  text;
    routine  regprocedure;
BEGIN
    IF owner IS NULL THEN
        RAISE EXCEPTION 'database % has no table public.worklist, so it is no archive', current_database()
            USING HINT = 'Name the database of ARCHIVE_DATABASE_URL; bin/note-archive status makes the tables.';
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO note_archive_analyst', current_database());

    -- Databases that were made before PostgreSQL 15 let everybody create tables.
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO note_archive_analyst;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO note_archive_analyst;
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT SELECT ON TABLES TO note_archive_analyst', owner);

    FOREACH target IN ARRAY ARRAY['api_call', 'note_capture'] LOOP
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
        INTO columns
        FROM pg_attribute
        WHERE attrelid = ('public.' || target)::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'response';
        EXECUTE format('REVOKE ALL ON public.%I FROM note_archive_analyst', target);
        EXECUTE format('GRANT SELECT (%s) ON public.%I TO note_archive_analyst', columns, target);
        EXECUTE format('GRANT SELECT ON public.%I TO note_archive_answers', target);
    END LOOP;

    FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'search\_%' LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO note_archive_analyst', routine);
    END LOOP;
END
$$;

-- Roles belong to the server. If the owner of another archive created them, only a superuser can grant one to the other,
-- which is not needed then.
DO $$
BEGIN
    IF NOT pg_has_role('note_archive_answers', 'note_archive_analyst', 'USAGE') THEN
        GRANT note_archive_analyst TO note_archive_answers;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'role % may not grant note_archive_analyst to note_archive_answers, so that who has only the latter reads the raw answers and nothing else; all other rights are granted', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Have the creator of the roles, or a superuser, run: GRANT note_archive_analyst TO note_archive_answers';
END
$$;
