package io.github.notearchive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.Billed;
import io.github.notearchive.source.ProviderReply;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;

class ApiCallsTests {

    private static final NoteId ID = new NoteId("66aa00000000000000000001");
    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00.123Z");
    private static final byte[] ANSWER =
            "{\"code\":0, \"x\":\"\u0000\uFFFD\"}".getBytes(StandardCharsets.UTF_8);

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final ApiCalls calls = new ApiCalls(database.jdbc(), database.transactions());

    @Test
    void aCallIsDurableBeforeItsRequestLeavesAndItsBillIsUnknown() {
        calls.belongTo(7);

        long call = calls.sending(ID, "note-detail/v1", NOW);

        assertThat(calls.of(ID))
                .containsExactly(
                        new ApiCalls.CallEntry(
                                call,
                                "note-detail/v1",
                                NOW,
                                null,
                                null,
                                null,
                                null,
                                "UNKNOWN",
                                null,
                                null,
                                7L,
                                false,
                                null));
    }

    @Test
    void entriesAreCommittedWhateverBecomesOfTheCallersTransaction() {
        assertThatThrownBy(
                        () ->
                                database.inTransaction(
                                        () -> {
                                            paid(NOW);
                                            throw new IllegalStateException("rolled back");
                                        }))
                .hasMessage("rolled back");

        assertThat(calls.of(ID)).singleElement().matches(ApiCalls.CallEntry::answerHeld);
    }

    @Test
    void theAnswerIsKeptByteForByte() {
        long call = paid(NOW);

        PaidAnswer paid = calls.latestPaid(ID, NOW).orElseThrow();

        assertThat(paid.call()).isEqualTo(call);
        assertThat(paid.body()).isEqualTo(ANSWER);
        assertThat(paid.receivedAt()).isEqualTo(NOW);
        assertThat(paid.httpStatus()).isEqualTo(200);
        assertThat(paid.requestId()).isEqualTo("r-1");
        assertThat(paid.mediaGone()).isFalse();
    }

    @Test
    void whatCameBackIsWrittenBesideTheQuestion() {
        long call = calls.sending(ID, "note-detail/v1", NOW);

        calls.received(
                call,
                new ProviderReply(301, 503, "COLLECT FAILED", null, Billed.NO),
                null,
                NOW.plusMillis(50_400),
                Duration.ofMillis(50_400));

        ApiCalls.CallEntry entry = calls.of(ID).getFirst();
        assertThat(entry.receivedAt()).isEqualTo(NOW.plusMillis(50_400));
        assertThat(entry.durationMs()).isEqualTo(50_400);
        assertThat(entry.httpStatus()).isEqualTo(503);
        assertThat(entry.code()).isEqualTo(301);
        assertThat(entry.billed()).isEqualTo("NO");
        assertThat(entry.message()).isEqualTo("COLLECT FAILED");
        assertThat(entry.answerHeld()).isFalse();
        assertThat(calls.latestPaid(ID, Instant.EPOCH)).isEmpty();
    }

    @Test
    void aFaultHasNeitherCodeNorStatus() {
        long call = calls.sending(ID, "note-detail/v1", NOW);

        calls.received(
                call,
                new ProviderReply(null, null, "reset", null, Billed.UNKNOWN),
                null,
                NOW,
                Duration.ofDays(99));

        ApiCalls.CallEntry entry = calls.of(ID).getFirst();
        assertThat(entry.code()).isNull();
        assertThat(entry.httpStatus()).isNull();
        assertThat(entry.billed()).isEqualTo("UNKNOWN");
        assertThat(entry.durationMs()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void aRecordIsTakenBackOnlyWhileNothingCameBack() {
        long left = calls.sending(ID, "note-detail/v1", NOW);
        calls.notSent(left);
        assertThat(calls.of(ID)).isEmpty();

        long answered = paid(NOW);
        calls.notSent(answered);
        assertThat(calls.of(ID)).hasSize(1);
    }

    @Test
    void theNewestPaidAnswerWins() {
        paid(NOW.minusSeconds(60));
        long second = paid(NOW);
        unpaid(NOW.plusSeconds(60));

        assertThat(calls.latestPaid(ID, Instant.EPOCH).orElseThrow().call()).isEqualTo(second);
        assertThat(calls.latestPaid(ID, NOW)).isPresent();
        assertThat(calls.latestPaid(ID, NOW.plusMillis(1))).isEmpty();
        assertThat(calls.latestPaid(new NoteId("66aa00000000000000000002"), Instant.EPOCH))
                .isEmpty();
    }

    @Test
    void theFirstTimeThatMediaWereGoneIsKept() {
        long call = paid(NOW);

        calls.mediaGone(call, NOW.plusSeconds(1));
        calls.mediaGone(call, NOW.plusSeconds(2));

        assertThat(calls.of(ID).getFirst().mediaGoneAt()).isEqualTo(NOW.plusSeconds(1));
        assertThat(calls.latestPaid(ID, NOW).orElseThrow().mediaGone()).isTrue();
    }

    @Test
    void callsAreCountedByTheNightInWhichTheyLeft() {
        Night night = Night.of(NOW);
        calls.belongTo(1);
        paid(night.begins());
        paid(night.ends().minusMillis(1));
        calls.belongTo(2);
        unpaid(night.begins());
        calls.sending(ID, "note-detail/v1", night.begins());
        paid(night.ends());
        paid(night.begins().minusMillis(1));

        assertThat(calls.countIn(night)).isEqualTo(4);
        assertThat(calls.countsIn(night))
                .extracting(
                        ApiCalls.CallCount::code,
                        ApiCalls.CallCount::billed,
                        ApiCalls.CallCount::calls)
                .containsExactly(
                        tuple(0, "YES", 2L), tuple(301, "NO", 1L), tuple(null, "UNKNOWN", 1L));
        assertThat(calls.countsOf(1)).containsExactly(new ApiCalls.CallCount(0, "YES", 2));
        assertThat(calls.countsOf(99)).isEmpty();
    }

    @Test
    void anAnswerOutlivesAConnectionThatIsCut() throws Exception {
        try (HikariDataSource pool = database.poolOf(1)) {
            AtomicInteger connections = new AtomicInteger();
            var counting =
                    new DelegatingDataSource(pool) {
                        @Override
                        public Connection getConnection() throws SQLException {
                            connections.incrementAndGet();
                            return super.getConnection();
                        }
                    };
            JdbcClient jdbc = JdbcClient.create(counting);
            ApiCalls cut = new ApiCalls(jdbc, new JdbcTransactionManager(counting));
            long call = cut.sending(ID, "note-detail/v1", NOW);
            int backend = jdbc.sql("SELECT pg_backend_pid()").query(Integer.class).single();
            connections.set(0);

            database.jdbc()
                    .sql("SELECT pg_terminate_backend(:pid, 5000)")
                    .param("pid", backend)
                    .query(Boolean.class)
                    .single();
            cut.received(
                    call,
                    new ProviderReply(0, 200, null, "r-1", Billed.YES),
                    ANSWER,
                    NOW,
                    Duration.ofSeconds(1));

            assertThat(connections.get()).isGreaterThan(1);
            assertThat(calls.latestPaid(ID, NOW).orElseThrow().body()).isEqualTo(ANSWER);
        }
    }

    @Test
    void aCopyIsEmptiedOnlyWhenOldAndStoredElsewhereAndTheNoteHasReachedItsEnd() {
        long call = paid(NOW);
        Instant later = NOW.plusMillis(1);

        worklist("ARCHIVED");
        assertThat(calls.emptyCopiesBefore(later)).as("no capture").isZero();
        capture(call, null);
        assertThat(calls.emptyCopiesBefore(later)).as("no sidecar").isZero();
        capture(call, "notes/x.json");
        assertThat(calls.emptyCopiesBefore(NOW)).as("not old").isZero();
        for (String open : new String[] {"PENDING", "POSTPONED", "FAILED"}) {
            worklist(open);
            assertThat(calls.emptyCopiesBefore(later)).as(open).isZero();
        }
        worklist("UNAVAILABLE");

        assertThat(calls.emptyCopiesBefore(later)).isEqualTo(1);

        assertThat(calls.of(ID)).singleElement().matches(entry -> !entry.answerHeld());
        assertThat(calls.of(ID).getFirst().billed()).isEqualTo("YES");
        assertThat(calls.emptyCopiesBefore(later)).isZero();
        assertThat(calls.latestPaid(ID, Instant.EPOCH)).isEmpty();
    }

    private long paid(Instant at) {
        long call = calls.sending(ID, "note-detail/v1", at);
        calls.received(
                call,
                new ProviderReply(0, 200, null, "r-1", Billed.YES),
                ANSWER,
                at,
                Duration.ZERO);
        return call;
    }

    private void unpaid(Instant at) {
        long call = calls.sending(ID, "note-detail/v1", at);
        calls.received(
                call, new ProviderReply(301, 200, null, null, Billed.NO), null, at, Duration.ZERO);
    }

    private void worklist(String state) {
        database.jdbc()
                .sql(
                        """
                        INSERT INTO worklist (note_id, state, due_at, enqueued_at)
                        VALUES (:id, :state, now(), now())
                        ON CONFLICT (note_id) DO UPDATE SET state = EXCLUDED.state
                        """)
                .param("id", ID.value())
                .param("state", state)
                .update();
    }

    private void capture(long call, @org.jspecify.annotations.Nullable String sidecar) {
        database.jdbc()
                .sql(
                        """
                        INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (:id, now(), now())
                        ON CONFLICT (note_id) DO NOTHING
                        """)
                .param("id", ID.value())
                .update();
        database.jdbc()
                .sql(
                        """
                        INSERT INTO note_capture (note_id, captured_at, call_id, answer, sidecar_key)
                        VALUES (:id, '2026-11-25T14:00:00.123Z', :call, '{}', :sidecar)
                        ON CONFLICT (note_id, captured_at) DO UPDATE SET sidecar_key = EXCLUDED.sidecar_key
                        """)
                .param("id", ID.value())
                .param("call", call)
                .param("sidecar", sidecar)
                .update();
    }
}
