package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.support.TransactionTemplate;

/** The views, asked about a small archive whose answers are known. */
class QuestionsTests {

    private static final String ONE = "66aa00000000000000000001";
    private static final String TWO = "66aa00000000000000000002";
    private static final String THREE = "66aa00000000000000000003";

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @BeforeEach
    @AfterEach
    void nothingIsThere() {
        ArchiveDatabase.emptied()
                .jdbc()
                .sql("TRUNCATE batch_job_instance CASCADE")
                .update();
    }

    @Test
    void everyViewSaysWhichQuestionItAnswers() {
        assertThat(rows("""
                                SELECT c.relname FROM pg_class c
                                WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
                                  AND obj_description(c.oid, 'pg_class') LIKE '%?%'
                                ORDER BY 1
                                """))
                .containsExactlyElementsOf(rows("""
                                SELECT c.relname FROM pg_class c
                                WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace ORDER BY 1
                                """))
                .contains(
                        "backlog",
                        "engagement_growth",
                        "engagement_history",
                        "note_edit",
                        "note_file",
                        "note_gone",
                        "note_growth_week",
                        "quota_stop",
                        "retry_history",
                        "run_history");
    }

    @Test
    void eachRunIsShownWithItsEndItsBillAndWhatItLeft() {
        execution(1, "archiveNotes", "2026-03-10", "STOPPED", "QUOTA_EXHAUSTED", "303");
        execution(2, "archiveNotes", "2026-03-10", "COMPLETED", "INCOMPLETE", "");
        execution(3, "verifyArchive", "2026-03-10", "COMPLETED", "COMPLETED", "");
        call(ONE, "2026-03-10 12:00+08", 0, "YES", 1);
        call(TWO, "2026-03-10 12:01+08", 303, "NO", 1);
        call(TWO, "2026-03-11 12:00+08", 301, "NO", 2);
        call(TWO, "2026-03-11 12:01+08", null, "UNKNOWN", 2);
        call(THREE, "2026-03-11 12:02+08", 0, "YES", 2);
        listed(ONE, "ARCHIVED", null, 1);
        listed(TWO, "POSTPONED", "2026-03-12 00:00+08", 2);
        listed(THREE, "FAILED", null, 2);
        listed("66aa00000000000000000004", "FAILED", null, 2);
        listed("66aa00000000000000000005", "PENDING", "2999-01-01 00:00+08", null);

        assertThat(rows("""
                                SELECT job_execution_id, instance_night, node, status, exit_code, coalesce(exit_message, '-'), notes, calls,
                                       billed, maybe_billed, left_postponed, left_failed, coalesce(due_now::text, '-')
                                FROM run_history ORDER BY job_execution_id DESC
                                """))
                .containsExactly(
                        "2 2026-03-10 main COMPLETED INCOMPLETE - 14 3 1 1 1 2 1",
                        "1 2026-03-10 main STOPPED QUOTA_EXHAUSTED 303 14 2 1 0 0 0 -");
    }

    @Test
    void theNightOfARunAndThatOfItsInstanceAreTwoColumns() {
        execution(1, "archiveNotes", "2026-03-10", "STOPPED", "QUOTA_EXHAUSTED", "303");
        execution(2, "archiveNotes", "2026-03-10", "STOPPED", "INTERRUPTED", "");
        execution(3, "archiveNotes", "2026-03-10", "FAILED", "CRASHED", "");
        summary(1, "2026-03-10");
        summary(2, "2026-03-11");
        database.jdbc().sql("""
                        UPDATE batch_job_execution
                        SET start_time = '2026-03-12 00:10+08'::timestamptz AT TIME ZONE 'UTC'
                        WHERE job_execution_id = 3
                        """).update();

        for (String zone : List.of("UTC", "Asia/Shanghai", "Pacific/Kiritimati", "America/Lima")) {
            assertThat(
                            rowsInZone(
                                    zone,
                                    "SELECT job_execution_id, night, instance_night FROM run_history ORDER BY job_execution_id"))
                    .as("a session in %s", zone)
                    .containsExactly("1 2026-03-10 2026-03-10", "2 2026-03-11 2026-03-10", "3 2026-03-12 2026-03-10");
        }
    }

    @Test
    void aQuotaStopSaysWhatTheDayHadBroughtAndWhenTheProviderGaveAgain() {
        call(ONE, "2026-03-09 23:59+08", 0, "YES", 1);
        call(ONE, "2026-03-10 00:00+08", 0, "YES", 1);
        call(TWO, "2026-03-10 12:00+08", 201, "YES", 1);
        call(TWO, "2026-03-10 12:01+08", 301, "NO", 1);
        gate("2026-03-10 12:05+08", "2026-03-11 00:00+08");
        call(THREE, "2026-03-11 00:10+08", 301, "NO", 2);
        call(THREE, "2026-03-11 00:11+08", 0, "YES", 2);
        call(THREE, "2026-03-11 00:12+08", 0, "YES", 2);
        gate("2026-03-11 00:13+08", "2999-01-01 00:00+08");

        assertThat(rows("""
                                SELECT night, billed_before, coalesce((lifted_at AT TIME ZONE 'Asia/Shanghai')::text, 'never'), is_closed
                                FROM quota_stop ORDER BY id
                                """)).containsExactly("2026-03-10 2 2026-03-11 00:11:00 f", "2026-03-11 2 never t");
    }

    @Test
    void retriesAreCountedByNoteWithTheAnswerThatCameInTheEnd() {
        call(ONE, "2026-03-10 23:59+08", 301, "NO", 1);
        call(ONE, "2026-03-11 00:01+08", 301, "NO", 1);
        call(ONE, "2026-03-11 00:02+08", 0, "YES", 1);
        call(TWO, "2026-03-10 12:00+08", 0, "YES", 1);
        call(TWO, "2026-03-10 12:01+08", 301, "NO", 1);
        call(THREE, "2026-03-10 12:02+08", 0, "YES", 1);
        listed(ONE, "ARCHIVED", null, 1);
        listed(TWO, "POSTPONED", "2026-03-11 00:00+08", 1);

        assertThat(rows("""
                                SELECT note_id, retries, nights, coalesce((answered_at AT TIME ZONE 'Asia/Shanghai')::text, 'never'), state
                                FROM retry_history ORDER BY retries DESC
                                """)).containsExactly(ONE + " 2 2 2026-03-11 00:02:01 ARCHIVED", TWO + " 1 1 never POSTPONED");
    }

    @Test
    void theBacklogIsCountedByStateAndAge() {
        enqueued(1, "PENDING", "1 hour");
        enqueued(2, "PENDING", "23 hours");
        enqueued(3, "PENDING", "25 hours");
        enqueued(4, "FAILED", "8 days");
        enqueued(5, "POSTPONED", "89 days");
        enqueued(6, "POSTPONED", "91 days");
        enqueued(7, "ARCHIVED", "91 days");
        enqueued(8, "UNAVAILABLE", "91 days");
        database.jdbc()
                .sql("UPDATE worklist SET due_at = now() + interval '1 day' WHERE note_id = :id")
                .param("id", id(2))
                .update();
        database.jdbc()
                .sql("UPDATE worklist SET attempts = 3 WHERE state = 'POSTPONED'")
                .update();

        assertThat(rows("""
                                SELECT state, from_days, age, notes, due_now, in_work, tried
                                FROM backlog ORDER BY state, from_days
                                """))
                .containsExactly(
                        "FAILED 7 7 to 30 days 1 0 0 0",
                        "PENDING 0 under 1 day 2 1 0 0",
                        "PENDING 1 1 to 7 days 1 1 0 0",
                        "POSTPONED 30 30 to 90 days 1 1 0 1",
                        "POSTPONED 90 90 days and more 1 1 0 1");
    }

    @Test
    void aNoteIsShownWithEveryFileAndWhereItLies() {
        note(ONE, "2026-03-10 12:00+08");
        database.jdbc().sql("""
                        INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at, verified_at)
                        VALUES (repeat('ab', 32), 'media/ab/x.heic', 7, 'image/heic', now(), now());
                        INSERT INTO note_media (note_id, kind, ordinal, identity, state, reason, sha256, width, height,
                                                captured_at, updated_at)
                        VALUES ('66aa00000000000000000001', 'IMAGE', 0, 'f', 'STORED', NULL, repeat('ab', 32), 3, 4, now(), now()),
                               ('66aa00000000000000000001', 'VIDEO', 0, '', 'WAIVED', 'NOT_OFFERED_BY_V1', NULL, NULL, NULL, now(), now());
                        """).update();

        assertThat(rows("""
                                SELECT note_url, kind, ordinal, state, coalesce(reason, '-'), coalesce(object_key, '-'),
                                       coalesce(size_bytes, 0)
                                FROM note_file ORDER BY kind, ordinal
                                """))
                .containsExactly(
                        "https://www.xiaohongshu.com/explore/" + ONE + " IMAGE 0 STORED - media/ab/x.heic 7",
                        "https://www.xiaohongshu.com/explore/" + ONE + " VIDEO 0 WAIVED NOT_OFFERED_BY_V1 - 0");
    }

    @Test
    void threeCapturesMakeAGrowthCurveAndTheVideosAnswerIsNoPointOfIts() {
        note(ONE, "2026-03-10 12:00+08");
        capture(ONE, "2026-03-10 12:00+08", 100, 10);
        capture(ONE, "2026-03-12 12:00+08", 150, 9);
        video(ONE, "2026-03-12 12:00:00.001+08", 150);
        capture(ONE, "2026-03-12 18:00+08", 175, 9);

        assertThat(rows("SELECT endpoint, liked_count FROM engagement_history ORDER BY captured_at"))
                .containsExactly(
                        "note-detail/v1 100", "note-detail/v1 150", "note-detail/v6 150", "note-detail/v1 175");
        assertThat(rows("""
                                SELECT (captured_at AT TIME ZONE 'Asia/Shanghai')::text, days, liked_growth, liked_per_day, collected_growth,
                                       collected_per_day, coalesce(shared_growth::text, '-')
                                FROM engagement_growth WHERE note_id = '66aa00000000000000000001' ORDER BY captured_at
                                """))
                .containsExactly(
                        "2026-03-12 12:00:00 2.00 50 25.0 -1 -0.5 -", "2026-03-12 18:00:00 0.25 25 100.0 - - -");
    }

    @Test
    void theWeeksGrowthIsAgainstTheLastCaptureBeforeItElseTheFirst() {
        for (String id : List.of(ONE, TWO, THREE, id(4))) {
            note(id, "2026-03-10 12:00+08");
        }
        captureAgo(ONE, "40 days", 1);
        captureAgo(ONE, "10 days", 100);
        captureAgo(ONE, "3 days", 160);
        captureAgo(ONE, "0 days", 200);
        captureAgo(TWO, "4 days", 10);
        captureAgo(TWO, "2 days", 90);
        captureAgo(THREE, "1 day", 5000);
        captureAgo(id(4), "30 days", 1);
        captureAgo(id(4), "8 days", 5000);

        assertThat(rows("""
                                SELECT note_id, title, author, days, liked_count, liked_growth, liked_per_day
                                FROM note_growth_week ORDER BY liked_per_day DESC
                                """))
                .containsExactly(TWO + " title writer 2.00 90 80 40.0", ONE + " title writer 10.00 200 100 10.0");
    }

    @Test
    void twoAnswersWithinAnHourAreNoGrowthAlsoWhereTheWeekBeginsBetweenThem() {
        note(ONE, "2026-03-10 12:00+08");
        captureAgo(ONE, "7 days 20 seconds", 100);
        captureAgo(ONE, "6 days 23:59:50", 101);
        note(TWO, "2026-03-10 12:00+08");
        captureAgo(TWO, "17 days", 50);
        captureAgo(TWO, "7 days 20 seconds", 100);
        captureAgo(TWO, "6 days 23:59:50", 101);

        assertThat(rows("SELECT note_id, days, liked_growth, liked_per_day FROM note_growth_week"))
                .containsExactly(TWO + " 10.00 51 5.1");
    }

    @Test
    void editsOfTitleAndTextAndTheAuthorsNewNameAreShownOnceEach() {
        note(ONE, "2026-03-10 12:00+08");
        written(ONE, "2026-03-10 12:00+08", "before", "text", "w", "old", 1);
        written(ONE, "2026-03-11 12:00+08", "after", "text", "w", "old", 1);
        video(ONE, "2026-03-11 12:00:00.001+08", 1);
        written(ONE, "2026-03-12 12:00+08", "after", "text", "w", "old", 1);
        written(ONE, "2026-03-13 12:00+08", "after", "more text", "w", "new", 1);
        written(ONE, "2026-03-14 12:00+08", "read otherwise", null, "w", "new", 2);
        written(ONE, "2026-03-15 12:00+08", null, null, "another", "other", 2);

        assertThat(rows("""
                                SELECT field, coalesce(before, '-'), coalesce(after, '-'),
                                       to_char(captured_before AT TIME ZONE 'Asia/Shanghai', 'DD'),
                                       to_char(captured_at AT TIME ZONE 'Asia/Shanghai', 'DD')
                                FROM note_edit ORDER BY captured_at, field
                                """))
                .containsExactly(
                        "title before after 10 11",
                        "author old new 12 13",
                        "text text more text 12 13",
                        "title read otherwise - 14 15");
    }

    @Test
    void aNoteIsGoneAfterTwoNightsWithoutItAndOnlyIfItWasEverThere() {
        // two nights
        note(ONE, "2026-03-10 12:00+08");
        capture(ONE, "2026-03-10 12:00+08", 1, 1);
        call(ONE, "2026-03-10 11:59+08", 0, "YES", 1);
        call(ONE, "2026-04-10 12:00+08", 0, "YES", 2);
        call(ONE, "2026-04-11 00:00+08", 404, "UNKNOWN", 2);
        listed(ONE, "UNAVAILABLE", "2026-05-10 00:00+08", 2);
        // one bad night, with two answers
        note(TWO, "2026-03-10 12:00+08");
        capture(TWO, "2026-03-10 12:00+08", 1, 1);
        call(TWO, "2026-04-10 12:00+08", 201, "YES", 2);
        call(TWO, "2026-04-10 13:00+08", 201, "YES", 2);
        listed(TWO, "UNAVAILABLE", "2026-05-10 00:00+08", 2);
        // there again
        note(THREE, "2026-06-10 12:00+08");
        capture(THREE, "2026-06-10 12:00+08", 1, 1);
        call(THREE, "2026-04-10 12:00+08", 201, "YES", 2);
        call(THREE, "2026-05-10 12:00+08", 201, "YES", 2);
        listed(THREE, "ARCHIVED", null, 2);
        // never there
        call(id(4), "2026-04-10 12:00+08", 201, "YES", 2);
        call(id(4), "2026-05-10 12:00+08", 201, "YES", 2);
        listed(id(4), "UNAVAILABLE", "2026-05-10 00:00+08", 2);
        // only the provider fails
        note(id(5), "2026-03-10 12:00+08");
        capture(id(5), "2026-03-10 12:00+08", 1, 1);
        call(id(5), "2026-04-10 12:00+08", 301, "NO", 2);
        call(id(5), "2026-05-10 12:00+08", 301, "NO", 2);
        listed(id(5), "UNAVAILABLE", "2026-05-10 00:00+08", 2);

        assertThat(rows("""
                                SELECT note_id, (last_seen_at AT TIME ZONE 'Asia/Shanghai')::text,
                                       (missing_since AT TIME ZONE 'Asia/Shanghai')::text, nights, codes
                                FROM note_gone
                                """)).containsExactly(ONE + " 2026-03-10 12:00:00 2026-04-10 12:00:01 2 {0,404}");
    }

    private static String id(int number) {
        return "66aa%020d".formatted(number);
    }

    private void execution(int number, String job, String night, String status, String exitCode, String message) {
        execute("""
                INSERT INTO batch_job_instance (job_instance_id, version, job_name, job_key) VALUES (%1$s, 0, %2$s, %1$s);
                INSERT INTO batch_job_execution (job_execution_id, version, job_instance_id, create_time, start_time, end_time,
                                                 status, exit_code, exit_message)
                VALUES (%1$s, 0, %1$s, now(), now(), now(), %4$s, %5$s, %6$s);
                INSERT INTO batch_job_execution_params (job_execution_id, parameter_name, parameter_type, parameter_value, identifying)
                VALUES (%1$s, 'night', 'java.lang.String', %3$s, 'Y'), (%1$s, 'node', 'java.lang.String', 'main', 'Y');
                INSERT INTO batch_step_execution (step_execution_id, version, step_name, job_execution_id, create_time, write_count)
                SELECT 10 * %1$s + i, 0, 'archiveNotes' || part, %1$s, now(), written
                FROM (VALUES (0, '', 14), (1, ':w0', 5), (2, ':w1', 9)) AS steps (i, part, written)
                """, number, job, night, status, exitCode, message);
    }

    private void summary(int execution, String night) {
        execute("""
                INSERT INTO run_summary (job_execution_id, night, node, began_at, ended_at, exit_number, exit_code, reason,
                    archived, unavailable, postponed, failed, released, refreshed, files_stored, bytes_stored,
                    media_requests, worklist_pending, worklist_postponed, worklist_archived, worklist_gone,
                    worklist_failed, due, objects, object_bytes, never_verified, open_findings, open_notes, settings)
                VALUES (%s, %s, 'main', now(), now(), 0, 'COMPLETED', '',
                    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]', '{}')
                """, execution, night);
    }

    private void call(String note, String sentAt, @Nullable Integer code, String billed, int execution) {
        execute("""
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed, job_execution_id)
                VALUES (%1$s, 'note-detail/v1', %2$s, %2$s::timestamptz + interval '1 second', %3$s, %4$s, %5$s)
                """, note, sentAt, code, billed, execution);
    }

    private void listed(String note, String state, @Nullable String dueAt, @Nullable Integer execution) {
        execute("""
                INSERT INTO worklist (note_id, state, reason, due_at, settled_by, enqueued_at)
                VALUES (%s, %s, 'PROVIDER_ERROR', %s, %s, now())
                """, note, state, dueAt, execution);
    }

    private void enqueued(int number, String state, String ago) {
        execute("""
                INSERT INTO worklist (note_id, state, reason, due_at, enqueued_at)
                VALUES (%1$s, %2$s, 'PROVIDER_ERROR', CASE WHEN %2$s IN ('PENDING', 'POSTPONED') THEN now() END, now() - %3$s::interval)
                """, id(number), state, ago);
    }

    private void gate(String closedAt, String until) {
        execute("""
                INSERT INTO source_gate (code, reason, closed_at, closed_until, job_execution_id)
                VALUES (303, 'daily quota', %s, %s, 1)
                """, closedAt, until);
    }

    private void note(String id, String lastCapturedAt) {
        execute("""
                INSERT INTO author (author_id, nickname, updated_at) VALUES ('w', 'writer', now()) ON CONFLICT DO NOTHING;
                INSERT INTO note (note_id, title, author_id, first_captured_at, last_captured_at)
                VALUES (%1$s, 'title', 'w', %2$s, %2$s)
                """, id, lastCapturedAt);
    }

    private void capture(String note, String at, int likes, int collected) {
        insertCapture(note, "note-detail/v1", at, likes, collected, null, null, null, null, 1);
    }

    private void captureAgo(String note, String ago, int likes) {
        String at = one("SELECT (now() - '" + ago + "'::interval)::text");
        insertCapture(note, "note-detail/v1", at, likes, null, null, null, null, null, 1);
    }

    /** Has no count but that of the likes, as such responses may, and no text. */
    private void video(String note, String at, int likes) {
        insertCapture(note, "note-detail/v6", at, likes, null, null, null, null, null, null);
    }

    /** Values after the time: title, text, author, nickname, mapper version. */
    private void written(String note, String at, @Nullable Object... more) {
        insertCapture(note, "note-detail/v1", at, 1, 1, more[0], more[1], more[2], more[3], more[4]);
    }

    private void insertCapture(@Nullable Object... values) {
        execute("""
                INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed, job_execution_id)
                VALUES (%1$s, %2$s, %3$s, %3$s, 0, 'YES', 1);
                INSERT INTO note_capture (note_id, captured_at, call_id, response, liked_count, collected_count, title,
                                          note_text, author_id, author_nickname, mapper_version)
                VALUES (%1$s, %3$s, (SELECT max(id) FROM api_call), '{}', %4$s, %5$s, %6$s, %7$s, %8$s, %9$s, %10$s)
                """, values);
    }

    /** Executes statements with the values as literals. */
    private void execute(String sql, @Nullable Object... values) {
        Object[] literals = Arrays.stream(values)
                .map(value -> value == null ? "NULL" : "'" + value + "'")
                .toArray();
        database.jdbc().sql(sql.formatted(literals)).update();
    }

    private String one(String sql) {
        return database.jdbc().sql(sql).query(String.class).single();
    }

    /** The rows in a line each, as psql would show their values. */
    private List<String> rowsInZone(String zone, String sql) {
        return new TransactionTemplate(database.transactions()).execute(_ -> {
            database.jdbc().sql("SET LOCAL TIME ZONE '%s'".formatted(zone)).update();
            return rows(sql);
        });
    }

    private List<String> rows(String sql) {
        return database.jdbc()
                .sql(sql)
                .query((row, _) -> {
                    List<String> values = new ArrayList<>();
                    for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                        values.add(row.getString(i) == null ? "-" : row.getString(i));
                    }
                    return String.join(" ", values);
                })
                .list();
    }
}
