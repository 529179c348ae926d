package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.ledger.ResponseWriter.ReceivedResponse;
import io.github.notearchive.io.GroupCommit;
import io.github.notearchive.io.RecordParameters;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ResponseMemory;
import java.sql.Types;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Writes responses into the rows of their calls, those of concurrent workers in one statement. Returns after the
 * commit.
 */
final class ResponseRows {

    /** Body to store; formatted with billing, note and number of the call, and the body. */
    private static final String RESPONSE = """
            CASE WHEN %s = 'YES' OR NOT EXISTS (
                     SELECT 1 FROM api_call o
                     WHERE o.note_id = %s AND o.billed <> 'YES' AND o.response IS NOT NULL AND o.id <> %s
                     OFFSET 0)
                 THEN %s END
            """;

    private static final String COMPLETE = """
                                        UPDATE api_call c
                                        SET received_at = d.received_at, duration_ms = d.duration_ms, http_status = d.http_status,
                                            code = d.code, billed = d.billed, request_id = d.request_id, message = d.message,
                                            response = %s
                                        FROM unnest(:numbers::bigint[], :notes::text[], :sentTimes::timestamptz[],
                                                    :receivedTimes::timestamptz[], :durations::integer[], :statuses::integer[],
                                                    :codes::integer[], :billed::text[], :requestIds::text[], :messages::text[])
                                             WITH ORDINALITY AS d (number, note_id, sent_at, received_at, duration_ms, http_status,
                                                                   code, billed, request_id, message, position)
                                        WHERE c.id = ANY (:numbers) AND c.id = d.number
                                          AND c.note_id = d.note_id AND c.sent_at = d.sent_at
                                        RETURNING c.id, c.note_id
                                        """.formatted(RESPONSE.formatted(
            "d.billed", "d.note_id", "d.number", "coalesce((:bodies::bytea[])[d.position::integer], :single::bytea)"));

    private final JdbcClient jdbc;
    private final Supplier<@Nullable Long> execution;
    private final GroupCommit<ReceivedResponse, Boolean> groups =
            GroupCommit.ofStatements("responses", CallRows.LINGER, _ -> true, this::complete);

    /**
     * @param jdbc commits each statement on its own
     * @param execution supplies the execution of this process
     */
    ResponseRows(JdbcClient jdbc, Supplier<@Nullable Long> execution) {
        this.jdbc = jdbc;
        this.execution = execution;
    }

    /**
     * Completes the row of a call. Of the unpaid responses of a note only the first is stored. A missing row is
     * inserted again, as after a failover that lost the last commits.
     */
    long write(ReceivedResponse response) {
        byte[] body = response.body();
        boolean isLarge = body != null && ResponseMemory.isLarge(body.length);
        boolean isComplete = isLarge ? complete(List.of(response)).getFirst() : groups.execute(response);
        return isComplete ? response.call().number() : insert(response);
    }

    /**
     * Completes the rows of calls in one statement; returns for each whether there is a row. The driver copies the
     * elements of an array, so the body of a single response is a parameter of its own.
     */
    private List<Boolean> complete(List<ReceivedResponse> group) {
        byte[] single = group.size() == 1 ? group.getFirst().body() : null;
        Set<CallKey> completed = jdbc.sql(COMPLETE)
                .param(
                        "numbers",
                        column(group, response -> response.call().number()).toArray(Long[]::new))
                .param(
                        "notes",
                        column(group, response -> response.call().id().value()).toArray(String[]::new))
                .param(
                        "sentTimes",
                        column(group, response -> response.call().sentAt().toString())
                                .toArray(String[]::new))
                .param(
                        "receivedTimes",
                        column(group, response -> response.receivedAt().toString())
                                .toArray(String[]::new))
                .param("durations", column(group, ReceivedResponse::durationMs).toArray(Integer[]::new))
                .param(
                        "statuses",
                        column(group, response -> response.reply().httpStatus()).toArray(Integer[]::new))
                .param(
                        "codes",
                        column(group, response -> response.reply().code()).toArray(Integer[]::new))
                .param(
                        "billed",
                        column(group, response -> response.reply().billed().name())
                                .toArray(String[]::new))
                .param(
                        "requestIds",
                        column(group, response -> response.reply().requestId()).toArray(String[]::new))
                .param(
                        "messages",
                        column(group, response -> response.reply().message()).toArray(String[]::new))
                .param(
                        "bodies",
                        column(group, response -> group.size() == 1 ? null : response.body())
                                .toArray(byte[][]::new))
                .param("single", single, Types.BINARY)
                .query((row, _) -> new CallKey(row.getLong("id"), row.getString("note_id")))
                .set();
        return group.stream()
                .map(response -> completed.contains(new CallKey(
                        response.call().number(), response.call().id().value())))
                .toList();
    }

    private record CallKey(long number, String noteId) {}

    private static <T extends @Nullable Object> Stream<T> column(
            List<ReceivedResponse> group, Function<ReceivedResponse, T> value) {
        return group.stream().map(value);
    }

    private long insert(ReceivedResponse response) {
        CallRecord call = response.call();
        return jdbc.sql("""
                                        INSERT INTO api_call (note_id, endpoint, sent_at, job_execution_id, refresh, received_at,
                                            duration_ms, http_status, code, billed, request_id, message, response)
                                        SELECT :id, :endpoint, :sentAt, :execution, :refresh, :receivedAt, :durationMs, :httpStatus,
                                               :code, :billed, :requestId, :message, %s
                                        RETURNING id
                                        """.formatted(RESPONSE.formatted(":billed", ":id", ":number", ":body")))
                .paramSource(RecordParameters.of(response)
                        .addValue("endpoint", call.endpoint().ledgerName())
                        .addValue("durationMs", response.durationMs())
                        .addValue("execution", execution.get(), Types.BIGINT))
                .query(Long.class)
                .single();
    }

    void close() {
        groups.close();
    }
}
