package io.github.notearchive;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ListAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.support.TransactionTemplate;

/** The rows of the views over small archives. Times are of Asia/Shanghai; {@code note1} is a note id. */
class QuestionsTests {

    private static final String NOTE = "66aa%020d";

    /** Statements that insert a row of a kind, with its values in order. */
    private static final Map<String, String> ROWS = Map.ofEntries(
            entry("execution", """
                    INSERT INTO batch_job_instance (job_instance_id, version, job_name, job_key) VALUES (%1$s, 0, %2$s, %1$s);
                    INSERT INTO batch_job_execution (job_execution_id, version, job_instance_id, create_time, start_time, end_time,
                                                     status, exit_code, exit_message)
                    VALUES (%1$s, 0, %1$s, now(), now(), now(), %4$s, %5$s, coalesce(%6$s, ''));
                    INSERT INTO batch_job_execution_params (job_execution_id, parameter_name, parameter_type, parameter_value, identifying)
                    VALUES (%1$s, 'night', 'java.lang.String', %3$s, 'Y'), (%1$s, 'node', 'java.lang.String', 'main', 'Y');
                    INSERT INTO batch_step_execution (step_execution_id, version, step_name, job_execution_id, create_time, write_count)
                    SELECT 10 * %1$s + i, 0, 'archiveNotes' || part, %1$s, now(), written
                    FROM (VALUES (0, '', 14), (1, ':w0', 5), (2, ':w1', 9)) AS steps (i, part, written)
                    """),
            entry("summary", """
                    INSERT INTO run_summary (job_execution_id, night, node, began_at, ended_at, exit_number, exit_code, reason,
                        archived, unavailable, postponed, failed, released, refreshed, files_stored, bytes_stored,
                        files_differing, media_requests, worklist_pending, worklist_postponed, worklist_archived, worklist_gone,
                        worklist_failed, due, objects, object_bytes, never_verified, open_findings, open_notes, settings)
                    VALUES (%1$s, %2$s, 'main', now(), now(), 0, 'COMPLETED', '',
                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]', '{}')
                    """),
            entry("call", """
                    INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed, job_execution_id)
                    VALUES (%1$s, 'note-detail/v1', %2$s, %2$s::timestamptz + interval '1 second', %3$s, %4$s, %5$s)
                    """),
            entry("listed", """
                    INSERT INTO worklist (note_id, state, reason, due_at, settled_by, enqueued_at)
                    VALUES (%1$s, %2$s, 'PROVIDER_ERROR', %3$s, %4$s, now())
                    """),
            entry("enqueued", """
                    INSERT INTO worklist (note_id, state, reason, due_at, enqueued_at)
                    VALUES (%1$s, %2$s, 'PROVIDER_ERROR', CASE WHEN %2$s IN ('PENDING', 'POSTPONED') THEN now() END,
                            now() - %3$s::interval)
                    """),
            entry("gate", """
                    INSERT INTO source_gate (code, reason, closed_at, closed_until, job_execution_id)
                    VALUES (303, 'daily quota', %1$s, %2$s, 1)
                    """),
            entry("note", """
                    INSERT INTO author (author_id, nickname, updated_at) VALUES ('w', 'writer', now()) ON CONFLICT DO NOTHING;
                    INSERT INTO note (note_id, title, author_id, first_captured_at, last_captured_at)
                    VALUES (%1$s, 'title', 'w', %2$s, %2$s)
                    """),
            entry("capture", capture("v1", "%2$s", "%3$s, %4$s, NULL, NULL, NULL, NULL, 1")),
            entry("ago", capture("v1", "now() - %2$s::interval", "%3$s, NULL, NULL, NULL, NULL, NULL, 1")),
            // no count but that of the likes, as such responses may, and no text
            entry("video", capture("v6", "%2$s", "%3$s, NULL, NULL, NULL, NULL, NULL, NULL")),
            entry("written", capture("v1", "%2$s", "1, 1, %3$s, %4$s, %5$s, %6$s, %7$s")));

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    private static String capture(String version, String time, String values) {
        return """
                WITH call AS (
                    INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed, job_execution_id)
                    VALUES (%%1$s, 'note-detail/%1$s', %2$s, %2$s, 0, 'YES', 1) RETURNING id, received_at)
                INSERT INTO note_capture (note_id, captured_at, call_id, response, liked_count, collected_count, title,
                                          note_text, author_id, author_nickname, mapper_version)
                SELECT %%1$s, received_at, id, '{}', %3$s FROM call
                """.formatted(version, time, values);
    }

    @BeforeEach
    @AfterEach
    void nothingIsThere() {
        ArchiveDatabase.emptied()
                .jdbc()
                .sql("TRUNCATE batch_job_instance CASCADE")
                .update();
    }

    /** Inserts a row for each line: its kind and its values; {@code -} is NULL. */
    private void given(String rows) {
        for (String row : rows.strip().split("\n")) {
            String[] parts = row.strip().split(" +", 2);
            Object[] values = Arrays.stream(parts[1].split(" *\\| *"))
                    .map(value ->
                            value.startsWith("note") ? NOTE.formatted(Integer.parseInt(value.substring(4))) : value)
                    .map(value -> value.equals("-") ? "NULL" : "'" + value + "'")
                    .toArray();
            execute(ROWS.get(parts[0]).formatted(values));
        }
    }

    private void execute(String sql) {
        database.jdbc().sql(sql).update();
    }

    private ListAssert<String> assertRows(String sql) {
        return assertThat(rows("Asia/Shanghai", sql));
    }

    /** Returns each row in a line, as psql would show its values in a session of the zone. */
    private List<String> rows(String zone, String sql) {
        return new TransactionTemplate(database.transactions()).execute(_ -> {
            execute("SET LOCAL TIME ZONE '%s'".formatted(zone));
            return database.jdbc()
                    .sql(sql)
                    .query((row, _) -> {
                        List<String> values = new ArrayList<>();
                        for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                            values.add(row.getString(i) == null ? "-" : row.getString(i));
                        }
                        return String.join(" ", values).replaceAll("66aa0{19}", "note");
                    })
                    .list();
        });
    }

    @Test
    void eachRunIsShownWithItsEndItsCostAndItsRemainder() {
        given("""
                execution 1 | archiveNotes  | 2026-03-10 | STOPPED   | QUOTA_EXHAUSTED | 303
                execution 2 | archiveNotes  | 2026-03-10 | COMPLETED | INCOMPLETE      | -
                execution 3 | verifyArchive | 2026-03-10 | COMPLETED | COMPLETED       | -
                call note1 | 2026-03-10 12:00+08 | 0   | YES     | 1
                call note2 | 2026-03-10 12:01+08 | 303 | NO      | 1
                call note2 | 2026-03-11 12:00+08 | 301 | NO      | 2
                call note2 | 2026-03-11 12:01+08 | -   | UNKNOWN | 2
                call note3 | 2026-03-11 12:02+08 | 0   | YES     | 2
                listed note1 | ARCHIVED  | -                   | 1
                listed note2 | POSTPONED | 2026-03-12 00:00+08 | 2
                listed note3 | FAILED    | -                   | 2
                listed note4 | FAILED    | -                   | 2
                listed note5 | PENDING   | 2999-01-01 00:00+08 | -
                """);

        assertRows("""
                        SELECT job_execution_id, instance_night, node, status, exit_code, exit_message, notes, calls,
                               billed, maybe_billed, left_postponed, left_failed, due_now
                        FROM run_history ORDER BY job_execution_id DESC
                        """)
                .containsExactly(
                        "2 2026-03-10 main COMPLETED INCOMPLETE - 14 3 1 1 1 2 1",
                        "1 2026-03-10 main STOPPED QUOTA_EXHAUSTED 303 14 2 1 0 0 0 -");
    }

    @Test
    void theNightOfARunAndThatOfItsInstanceAreTwoColumns() {
        given("""
                execution 1 | archiveNotes | 2026-03-10 | STOPPED | QUOTA_EXHAUSTED | 303
                execution 2 | archiveNotes | 2026-03-10 | STOPPED | INTERRUPTED     | -
                execution 3 | archiveNotes | 2026-03-10 | FAILED  | CRASHED         | -
                summary 1 | 2026-03-10
                summary 2 | 2026-03-11
                """);
        execute("""
                UPDATE batch_job_execution
                SET start_time = '2026-03-12 00:10+08'::timestamptz AT TIME ZONE 'UTC'
                WHERE job_execution_id = 3
                """);

        for (String zone : List.of("UTC", "Asia/Shanghai", "Pacific/Kiritimati", "America/Lima")) {
            assertThat(rows(zone, "SELECT job_execution_id, night, instance_night FROM run_history ORDER BY 1"))
                    .as("a session in %s", zone)
                    .containsExactly("1 2026-03-10 2026-03-10", "2 2026-03-11 2026-03-10", "3 2026-03-12 2026-03-10");
        }
    }

    @Test
    void aQuotaStopHasTheBillBeforeItAndTheNextBilledResponse() {
        given("""
                call note1 | 2026-03-09 23:59+08 | 0   | YES | 1
                call note1 | 2026-03-10 00:00+08 | 0   | YES | 1
                call note2 | 2026-03-10 12:00+08 | 201 | YES | 1
                call note2 | 2026-03-10 12:01+08 | 301 | NO  | 1
                gate 2026-03-10 12:05+08 | 2026-03-11 00:00+08
                call note3 | 2026-03-11 00:10+08 | 301 | NO  | 2
                call note3 | 2026-03-11 00:11+08 | 0   | YES | 2
                call note3 | 2026-03-11 00:12+08 | 0   | YES | 2
                gate 2026-03-11 00:13+08 | 2999-01-01 00:00+08
                """);

        assertRows("SELECT night, billed_before, lifted_at, is_closed FROM quota_stop ORDER BY id")
                .containsExactly("2026-03-10 2 2026-03-11 00:11:00+08 f", "2026-03-11 2 - t");
    }

    @Test
    void retriesAreCountedByNoteWithTheResponseThatEndedThem() {
        given("""
                call note1 | 2026-03-10 23:59+08 | 301 | NO  | 1
                call note1 | 2026-03-11 00:01+08 | 301 | NO  | 1
                call note1 | 2026-03-11 00:02+08 | 0   | YES | 1
                call note2 | 2026-03-10 12:00+08 | 0   | YES | 1
                call note2 | 2026-03-10 12:01+08 | 301 | NO  | 1
                call note3 | 2026-03-10 12:02+08 | 0   | YES | 1
                listed note1 | ARCHIVED  | -                   | 1
                listed note2 | POSTPONED | 2026-03-11 00:00+08 | 1
                """);

        assertRows("SELECT note_id, retries, nights, answered_at, state FROM retry_history ORDER BY retries DESC")
                .containsExactly("note1 2 2 2026-03-11 00:02:01+08 ARCHIVED", "note2 1 1 - POSTPONED");
    }

    @Test
    void theBacklogIsCountedByStateAndAge() {
        given("""
                enqueued note1 | PENDING     | 1 hour
                enqueued note2 | PENDING     | 23 hours
                enqueued note3 | PENDING     | 25 hours
                enqueued note4 | FAILED      | 8 days
                enqueued note5 | POSTPONED   | 89 days
                enqueued note6 | POSTPONED   | 91 days
                enqueued note7 | ARCHIVED    | 91 days
                enqueued note8 | UNAVAILABLE | 91 days
                """);
        execute("UPDATE worklist SET due_at = now() + interval '1 day' WHERE note_id LIKE '%02'");
        execute("UPDATE worklist SET attempts = 3 WHERE state = 'POSTPONED'");

        assertRows(
                        "SELECT state, from_days, age, notes, due_now, in_work, tried FROM backlog ORDER BY state, from_days")
                .containsExactly(
                        "FAILED 7 7 to 30 days 1 0 0 0",
                        "PENDING 0 under 1 day 2 1 0 0",
                        "PENDING 1 1 to 7 days 1 1 0 0",
                        "POSTPONED 30 30 to 90 days 1 1 0 1",
                        "POSTPONED 90 90 days and more 1 1 0 1");
    }

    @Test
    void aNoteIsShownWithEveryFileAndItsObject() {
        given("note note1 | 2026-03-10 12:00+08");
        execute("""
                INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                VALUES (repeat('ab', 32), 'media/ab/x.heic', 7, 'image/heic', now(), now());
                INSERT INTO note_media (note_id, kind, ordinal, identity, state, reason, sha256, captured_at, updated_at)
                VALUES ('66aa00000000000000000001', 'IMAGE', 0, 'f', 'STORED', NULL, repeat('ab', 32), now(), now()),
                       ('66aa00000000000000000001', 'VIDEO', 0, '', 'WAIVED', 'NOT_OFFERED_BY_V1', NULL, now(), now());
                """);

        assertRows("SELECT note_url, kind, ordinal, state, reason, object_key, size_bytes FROM note_file ORDER BY kind")
                .containsExactly(
                        "https://www.xiaohongshu.com/explore/note1 IMAGE 0 STORED - media/ab/x.heic 7",
                        "https://www.xiaohongshu.com/explore/note1 VIDEO 0 WAIVED NOT_OFFERED_BY_V1 - -");
    }

    @Test
    void growthIsComputedFromCapturesOfTheNoteAndNotFromThoseOfItsVideo() {
        given("""
                note note1 | 2026-03-10 12:00+08
                capture note1 | 2026-03-10 12:00+08 | 100 | 10
                capture note1 | 2026-03-12 12:00+08 | 150 | 9
                video note1 | 2026-03-12 12:00:00.001+08 | 150
                capture note1 | 2026-03-12 18:00+08 | 175 | 9
                """);

        assertRows("SELECT endpoint, liked_count FROM engagement_history ORDER BY captured_at")
                .containsExactly(
                        "note-detail/v1 100", "note-detail/v1 150", "note-detail/v6 150", "note-detail/v1 175");
        assertRows("""
                        SELECT captured_at, days, liked_growth, liked_per_day, collected_growth, collected_per_day, shared_growth
                        FROM engagement_growth WHERE note_id = '66aa00000000000000000001' ORDER BY captured_at
                        """)
                .containsExactly(
                        "2026-03-12 12:00:00+08 2.00 50 25.0 -1 -0.5 -", "2026-03-12 18:00:00+08 0.25 25 100.0 - - -");
    }

    @Test
    void theWeeksGrowthIsAgainstTheLastCaptureBeforeItElseTheFirst() {
        given("""
                note note1 | 2026-03-10 12:00+08
                ago note1 | 40 days | 1
                ago note1 | 10 days | 100
                ago note1 | 3 days  | 160
                ago note1 | 0 days  | 200
                note note2 | 2026-03-10 12:00+08
                ago note2 | 4 days  | 10
                ago note2 | 2 days  | 90
                note note3 | 2026-03-10 12:00+08
                ago note3 | 1 day   | 5000
                note note4 | 2026-03-10 12:00+08
                ago note4 | 30 days | 1
                ago note4 | 8 days  | 5000
                """);

        assertRows("""
                        SELECT note_id, title, author, days, liked_count, liked_growth, liked_per_day
                        FROM note_growth_week ORDER BY liked_per_day DESC
                        """).containsExactly("note2 title writer 2.00 90 80 40.0", "note1 title writer 10.00 200 100 10.0");
    }

    @Test
    void twoResponsesWithinAnHourAreNoGrowthAlsoWhereTheWeekBeginsBetweenThem() {
        given("""
                note note1 | 2026-03-10 12:00+08
                ago note1 | 7 days 20 seconds | 100
                ago note1 | 6 days 23:59:50   | 101
                note note2 | 2026-03-10 12:00+08
                ago note2 | 17 days           | 50
                ago note2 | 7 days 20 seconds | 100
                ago note2 | 6 days 23:59:50   | 101
                """);

        assertRows("SELECT note_id, days, liked_growth, liked_per_day FROM note_growth_week")
                .containsExactly("note2 10.00 51 5.1");
    }

    @Test
    void editsOfTitleAndTextAndTheAuthorsNewNameAreShownOnceEach() {
        given("""
                note note1 | 2026-03-10 12:00+08
                written note1 | 2026-03-10 12:00+08 | before         | text      | w       | old   | 1
                written note1 | 2026-03-11 12:00+08 | after          | text      | w       | old   | 1
                video note1 | 2026-03-11 12:00:00.001+08 | 1
                written note1 | 2026-03-12 12:00+08 | after          | text      | w       | old   | 1
                written note1 | 2026-03-13 12:00+08 | after          | more text | w       | new   | 1
                written note1 | 2026-03-14 12:00+08 | read otherwise | -         | w       | new   | 2
                written note1 | 2026-03-15 12:00+08 | -              | -         | another | other | 2
                """);

        assertRows("""
                        SELECT field, before, after, to_char(captured_before, 'DD'), to_char(captured_at, 'DD')
                        FROM note_edit ORDER BY note_edit.captured_at, field
                        """)
                .containsExactly(
                        "title before after 10 11",
                        "author old new 12 13",
                        "text text more text 12 13",
                        "title read otherwise - 14 15");
    }

    /** Note 1 is gone. Note 2 has one bad night, 3 is there again, 4 was never there, of 5 only the provider fails. */
    @Test
    void noteIsGoneAfterTwoNightsWithoutItIfItWasEverAvailable() {
        given("""
                note note1 | 2026-03-10 12:00+08
                capture note1 | 2026-03-10 12:00+08 | 1 | 1
                call note1 | 2026-03-10 11:59+08 | 0   | YES     | 1
                call note1 | 2026-04-10 12:00+08 | 0   | YES     | 2
                call note1 | 2026-04-11 00:00+08 | 404 | UNKNOWN | 2
                listed note1 | UNAVAILABLE | 2026-05-10 00:00+08 | 2
                note note2 | 2026-03-10 12:00+08
                capture note2 | 2026-03-10 12:00+08 | 1 | 1
                call note2 | 2026-04-10 12:00+08 | 201 | YES | 2
                call note2 | 2026-04-10 13:00+08 | 201 | YES | 2
                listed note2 | UNAVAILABLE | 2026-05-10 00:00+08 | 2
                note note3 | 2026-06-10 12:00+08
                capture note3 | 2026-06-10 12:00+08 | 1 | 1
                call note3 | 2026-04-10 12:00+08 | 201 | YES | 2
                call note3 | 2026-05-10 12:00+08 | 201 | YES | 2
                listed note3 | ARCHIVED | - | 2
                call note4 | 2026-04-10 12:00+08 | 201 | YES | 2
                call note4 | 2026-05-10 12:00+08 | 201 | YES | 2
                listed note4 | UNAVAILABLE | 2026-05-10 00:00+08 | 2
                note note5 | 2026-03-10 12:00+08
                capture note5 | 2026-03-10 12:00+08 | 1 | 1
                call note5 | 2026-04-10 12:00+08 | 301 | NO | 2
                call note5 | 2026-05-10 12:00+08 | 301 | NO | 2
                listed note5 | UNAVAILABLE | 2026-05-10 00:00+08 | 2
                """);

        assertRows("SELECT note_id, last_seen_at, missing_since, nights, codes FROM note_gone")
                .containsExactly("note1 2026-03-10 12:00:00+08 2026-04-10 12:00:01+08 2 {0,404}");
    }

    /**
     * Of five notes, 1 is gone on day 2 and 3 on day 8; 2 was last seen on day 5, 4 on day 40; 5 was never refreshed.
     * At risk on day 2 are 4 notes, on day 8 two: 3/4 after 7 days, 3/4 · 1/2 after 30. No note was seen on day 90.
     */
    @Test
    void survivalCountsANoteUntilItWasLastSeen() {
        given("""
                note note1 | 2026-03-01 12:00+08
                capture note1 | 2026-03-01 12:00+08 | 1 | 1
                call note1 | 2026-03-03 12:00+08 | 404 | UNKNOWN | 2
                call note1 | 2026-03-04 12:00+08 | 404 | UNKNOWN | 2
                listed note1 | UNAVAILABLE | - | 2
                note note2 | 2026-03-01 12:00+08
                capture note2 | 2026-03-01 12:00+08 | 1 | 1
                listed note2 | ARCHIVED | - | 2
                note note3 | 2026-03-01 12:00+08
                capture note3 | 2026-03-01 12:00+08 | 1 | 1
                call note3 | 2026-03-09 12:00+08 | 404 | UNKNOWN | 2
                call note3 | 2026-03-10 12:00+08 | 404 | UNKNOWN | 2
                listed note3 | UNAVAILABLE | - | 2
                note note4 | 2026-03-01 12:00+08
                capture note4 | 2026-03-01 12:00+08 | 1 | 1
                listed note4 | ARCHIVED | - | 2
                note note5 | 2026-03-01 12:00+08
                """);
        execute("UPDATE note SET last_captured_at = '2026-03-06 13:00+08' WHERE note_id LIKE '%2'");
        execute("UPDATE note SET last_captured_at = '2026-04-10 13:00+08' WHERE note_id LIKE '%4'");
        execute(
                "INSERT INTO note_topic (note_id, ordinal, name) SELECT note_id, 0, 't' FROM note WHERE note_id LIKE '%1'");

        assertRows("SELECT note_id, days, is_gone FROM note_lifetime ORDER BY 1")
                .containsExactly("note1 2 t", "note2 5 f", "note3 8 t", "note4 40 f", "note5 0 f");
        assertRows("SELECT days, notes, at_risk, gone, share FROM survival WHERE dimension = 'all' ORDER BY 1")
                .containsExactly("1 5 4 0 1.0000", "7 5 2 1 0.7500", "30 5 1 2 0.3750", "90 5 0 2 -");
        assertRows(
                        "SELECT dimension, value, notes, share FROM survival WHERE dimension <> 'all' AND days = 7 ORDER BY 1")
                .containsExactly("author w 5 0.7500", "source enqueue 4 0.7500", "topic t 1 0.0000");
    }

    /** 10 of 100 notes are gone on day 3; 90 were last seen on day 20. */
    @Test
    void survivalIsUnknownAfterTheLastResponse() {
        execute("""
                INSERT INTO note (note_id, first_captured_at, last_captured_at)
                SELECT '66aa' || lpad(i::text, 20, '0'), '2026-03-01', timestamptz '2026-03-01' + CASE WHEN i > 10 THEN 20 ELSE 0 END * interval '1 day'
                FROM generate_series(1, 100) AS i;
                INSERT INTO worklist (note_id, state, reason, enqueued_at)
                SELECT note_id, 'UNAVAILABLE', 'NOT_FOUND', now() FROM note WHERE last_captured_at = first_captured_at;
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code)
                SELECT note_id, 'note-detail/v1', at, at, code FROM worklist
                CROSS JOIN (VALUES (timestamptz '2026-03-01', NULL), ('2026-03-04 12:00', 404), ('2026-03-05 12:00', 404)) AS calls (at, code);
                INSERT INTO note_capture (note_id, captured_at, call_id, response)
                SELECT note_id, received_at, id, '{}' FROM api_call WHERE code IS NULL
                """);

        assertRows("SELECT days, share FROM survival WHERE dimension = 'all' ORDER BY 1")
                .containsExactly("1 1.0000", "7 0.9000", "30 -", "90 -");
    }
}
