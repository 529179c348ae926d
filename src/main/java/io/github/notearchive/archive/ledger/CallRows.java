package io.github.notearchive.archive.ledger;

import static java.util.Comparator.comparing;

import io.github.notearchive.archive.catalog.Columns;
import io.github.notearchive.io.GroupCommit;
import io.github.notearchive.io.RecordParameters;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallAdmission;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.NightlyCalls;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Writes the rows of calls before they are sent, those of concurrent workers in one statement. */
final class CallRows {

    static final RowMapper<NightlyCalls> NIGHTLY_CALLS = (row, _) ->
            new NightlyCalls(row.getLong("calls"), row.getLong("video_calls"), row.getLong("refresh_calls"));

    static final String CLAIMED = "SELECT 1 FROM worklist WHERE note_id = %s AND claim_id = %s";

    /**
     * Calls whose response may be in a file of the sending node: for a day at most, and until that node has recovered.
     * Formatted with note, endpoint and time.
     */
    static final String OUTSTANDING = """
            SELECT id AS number, job_execution_id AS execution, sent_at FROM api_call
            WHERE note_id = %1$s AND endpoint = %2$s AND job_execution_id IS NOT NULL
              AND received_at IS NULL AND recovered_at IS NULL
              AND (job_execution_id IS DISTINCT FROM :execution::bigint OR id = ANY (:inProgress))
              AND sent_at > %3$s::timestamptz - interval '1 day'
              AND sent_at < %3$s::timestamptz + interval '1 day'
            """;

    /** Calls that may be sent. {@code OFFSET} keeps a subquery a look-up of the index, in tables of all sizes. */
    private static final String WANTED = """
            wanted AS (
                SELECT d.*, nextval('api_call_id_seq') AS id
                FROM ROWS FROM (json_to_recordset(:calls::json) AS (
                    note_id text, claim bigint, endpoint text, refresh boolean, sent_at timestamptz, night date))
                    WITH ORDINALITY AS d
                WHERE NOT EXISTS (%s)
                  AND EXISTS (%s OFFSET 0)
                  AND NOT EXISTS (%s OFFSET 0)
                ORDER BY d.sent_at)
            """.formatted(
                    StopNotices.OBSERVED,
                    CLAIMED.formatted("d.note_id", "d.claim"),
                    OUTSTANDING.formatted("d.note_id", "d.endpoint", "d.sent_at"));

    private static final String WRITTEN = """
            written AS (
                INSERT INTO api_call (id, note_id, endpoint, sent_at, job_execution_id, refresh)
                OVERRIDING SYSTEM VALUE
                SELECT id, note_id, endpoint, sent_at, :execution::bigint, refresh FROM wanted %s)
            """;

    private static final String WITHIN_LIMITS = """
            (:all = 0 OR %s <= :all) AND (:videos = 0 OR %s <= :videos) AND (:refreshes = 0 OR %s <= :refreshes)
            """;

    private static final String SUM_OF_KIND = "CASE WHEN EXCLUDED.%1$s > 0 THEN n.%1$s + EXCLUDED.%1$s ELSE 0 END";

    private static final String WRITE_COUNTED = """
            WITH %s,
            counted AS (
                INSERT INTO nightly_calls AS n (night, calls, video_calls, refresh_calls)
                SELECT night, calls, videos, refreshes
                FROM (SELECT night, count(*) AS calls, count(*) FILTER (WHERE endpoint = :video) AS videos,
                             count(*) FILTER (WHERE refresh) AS refreshes
                      FROM wanted GROUP BY night) AS added
                WHERE %s
                ORDER BY night
                ON CONFLICT (night) DO UPDATE
                SET calls = n.calls + EXCLUDED.calls, video_calls = n.video_calls + EXCLUDED.video_calls,
                    refresh_calls = n.refresh_calls + EXCLUDED.refresh_calls
                WHERE %s
                RETURNING *),
            %s
            SELECT ordinality, id, counted.*, (SELECT throttles FROM call_pace) AS pauses
            FROM wanted JOIN counted USING (night)
            """.formatted(
                    WANTED,
                    WITHIN_LIMITS.formatted("calls", "videos", "refreshes"),
                    WITHIN_LIMITS.formatted(
                            "n.calls + EXCLUDED.calls",
                            SUM_OF_KIND.formatted("video_calls"),
                            SUM_OF_KIND.formatted("refresh_calls")),
                    WRITTEN.formatted("JOIN counted USING (night)"));

    private static final String WRITE_UNCOUNTED = """
            WITH %s, %s
            SELECT ordinality, id, (SELECT throttles FROM call_pace) AS pauses FROM wanted
            """.formatted(WANTED, WRITTEN.formatted(""));

    /** A call to be written. Calls with the same limits share a statement; those without a limit are not counted. */
    record Sending(FetchRequest request, CallKind kind, Instant sentAt, NightlyCalls limits) {

        private Row row() {
            String endpoint = kind.endpoint().ledgerName();
            boolean refresh = kind == CallKind.REFRESH;
            return new Row(request.id(), request.claim(), endpoint, refresh, sentAt, Night.of(sentAt));
        }

        private CallAdmission.Written written(long id, @Nullable NightlyCalls tonight, long pauses) {
            return new CallAdmission.Written(new CallRecord(id, request.id(), kind, sentAt), tonight, pauses);
        }
    }

    private record Row(NoteId noteId, long claim, String endpoint, boolean refresh, Instant sentAt, Night night) {}

    private final JdbcClient jdbc;
    private final StopNotices stops;
    private final Supplier<@Nullable Long> execution;
    private final Supplier<Long[]> inProgress;
    private final GroupCommit<Sending, Optional<CallAdmission.Written>> groups =
            GroupCommit.ofStatements("calls", Sending::limits, this::write);

    /** @param inProgress supplies the numbers of this process's calls whose responses are not written yet */
    CallRows(JdbcClient jdbc, StopNotices stops, Supplier<@Nullable Long> execution, Supplier<Long[]> inProgress) {
        this.jdbc = jdbc;
        this.stops = stops;
        this.execution = execution;
        this.inProgress = inProgress;
    }

    /** Writes a call together with those of other workers. */
    Optional<CallAdmission.Written> writeInGroup(Sending call) {
        return groups.execute(call);
    }

    /**
     * Writes the rows of calls with the same limits. The result of a call is empty if a limit does not allow all of
     * them, calls have ended, its claim is lost, or an earlier call is outstanding.
     */
    List<Optional<CallAdmission.Written>> write(List<Sending> group) {
        NightlyCalls limits = group.getFirst().limits();
        boolean counted = !limits.equals(NightlyCalls.NONE);
        List<Optional<CallAdmission.Written>> results =
                new ArrayList<>(Collections.nCopies(group.size(), Optional.empty()));
        jdbc.sql(counted ? WRITE_COUNTED : WRITE_UNCOUNTED)
                .paramSource(RecordParameters.of(limits)
                        .addValue("video", Endpoint.VIDEO.ledgerName())
                        .addValue("after", stops.observedAfter())
                        .addValue(
                                "now",
                                Timestamp.from(Collections.min(group, comparing(Sending::sentAt))
                                        .sentAt()))
                        .addValue("execution", execution.get(), Types.BIGINT)
                        .addValue("inProgress", inProgress.get())
                        .addValue(
                                "calls",
                                Columns.json(group.stream().map(Sending::row).toList())))
                .query(row -> {
                    int place = row.getInt("ordinality") - 1;
                    NightlyCalls tonight = counted ? NIGHTLY_CALLS.mapRow(row, place) : null;
                    results.set(
                            place,
                            Optional.of(group.get(place).written(row.getLong("id"), tonight, row.getLong("pauses"))));
                });
        return results;
    }

    void close() {
        groups.close();
    }
}
