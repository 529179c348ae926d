package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.NoteStats;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallAdmission;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NightlyLimits;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.provider.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** Base of ledger tests: an empty ledger, and calls about one note. */
abstract class LedgerFixture {

    static final NoteId ID = new NoteId("66aa00000000000000000001");
    static final Instant NOW = Instant.parse("2026-11-25T14:00:00.123Z");
    static final byte[] BODY = "{\"code\":0, \"x\":\"\u0000\uFFFD\"}".getBytes(StandardCharsets.UTF_8);

    static final ProviderReply PAID = new ProviderReply(0, 200, null, "r-1", Billed.YES);

    /** Limits that no test reaches; every call is counted. */
    static final NightlyLimits ALL = limits(1_000, 1_000, 1_000);

    static NightlyLimits limits(long all, long videos, long refreshes) {
        return new NightlyLimits(
                new NightlyCalls(all, videos, refreshes, 0, 0), BigDecimal.ZERO, NightlyLimits.NONE.prices());
    }

    @TempDir
    Path directory;

    final ArchiveDatabase database = ArchiveDatabase.emptied();
    final NoteStats history = new NoteStats(database.jdbc());
    final PaidResponses responses = new PaidResponses(database.jdbc(), new ResponseMemory(), database.transactions());
    final CallTotals totals = new CallTotals(database.jdbc(), Settings.of());
    ResponseSpool spool;
    CallRepository calls;

    @BeforeEach
    void begin() {
        spool = new ResponseSpool(directory.resolve("answers"));
        calls = ofAnotherNode();
    }

    /** Returns the newest paid response of {@link #ID}. */
    PaidResponse latest() {
        return responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow();
    }

    List<Path> spooledFiles() {
        try {
            return spool.spooledFiles();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void assertStored() {
        assertThat(latest().body()).isEqualTo(BODY);
    }

    /** Records a call of a node about {@link #ID}. */
    CallAdmission sending(CallRepository node, Instant at, NightlyLimits limits) {
        return node.sending(claimed(ID), CallKind.NOTE, at, limits);
    }

    void assertWritten(CallAdmission call) {
        assertThat(call).isInstanceOf(CallAdmission.WrittenCall.class);
    }

    CallRecord sent(CallRepository node) {
        return sent(node, claimed(ID), CallKind.NOTE, NOW);
    }

    static long received(CallRepository node, CallRecord call) {
        return node.received(call, PAID, BODY, NOW, Duration.ofSeconds(1));
    }

    NoteStats.CallEntry entry() {
        return history.calls(ID).getFirst();
    }

    long stops() {
        return database.count("SELECT count(*) FROM run_stop");
    }

    CallRepository ofAnotherNode() {
        return over(database.dataSource());
    }

    /** Returns a repository of another node on the same database. */
    CallRepository over(DataSource way) {
        return calls(way, spool);
    }

    /** Returns a repository with another spool directory. */
    static CallRepository calls(DataSource way, ResponseSpool files) {
        return new CallRepository(way, new JdbcTransactionManager(way), files, List.of());
    }

    /** Runs calls at the same time: the first one waits for a lock, so that all others form a group behind it. */
    <T> List<Future<T>> inGroups(Stream<Callable<T>> tasks) throws Exception {
        return inGroups(tasks, () -> 0);
    }

    <T> List<Future<T>> inGroups(Stream<Callable<T>> tasks, Callable<?> whileWaiting) throws Exception {
        List<FutureTask<T>> results = tasks.map(FutureTask::new).toList();
        database.whileLocked("LOCK TABLE api_call IN EXCLUSIVE MODE", () -> {
            List<Thread> threads = results.stream()
                    .map(task -> Thread.ofPlatform().daemon().start(task))
                    .toList();
            await().until(() -> threads.stream().allMatch(thread -> thread.getState() == Thread.State.WAITING));
            return whileWaiting.call();
        });
        await().until(() -> results.stream().allMatch(Future::isDone));
        return List.copyOf(results);
    }

    /** Returns claimed notes. */
    List<FetchRequest> claimed(int count) {
        return IntStream.range(0, count)
                .mapToObj(n -> claimed(new NoteId("66bb%020d".formatted(n))))
                .toList();
    }

    /** Returns calls about different notes. */
    List<CallRecord> sent(int count) {
        return claimed(count).stream()
                .map(note -> sent(calls, note, CallKind.NOTE, NOW))
                .toList();
    }

    /** Inserts a note if it is missing, and claims it. */
    FetchRequest claimed(NoteId id) {
        database.update("""
                INSERT INTO worklist (note_id, due_at, enqueued_at, claimed_by, claimed_until, claim_id)
                VALUES (?, now(), now(), 'main', now() + interval '1 hour', 7)
                ON CONFLICT (note_id) DO UPDATE SET claimed_by = 'main', claimed_until = now() + interval '1 hour', claim_id = 7
                """, id.value());
        return new FetchRequest(id, 7, true, null);
    }

    CallRecord sent(NoteId id, CallKind kind, Instant at) {
        return sent(calls, claimed(id), kind, at);
    }

    static CallRecord sent(CallRepository node, FetchRequest note, CallKind kind, Instant at) {
        return ((CallAdmission.WrittenCall) node.sending(note, kind, at, ALL)).call();
    }

    long paid(Instant at) {
        return paid(claimed(ID), at);
    }

    long paid(FetchRequest note, Instant at) {
        CallRecord call = sent(calls, note, CallKind.NOTE, at);
        return calls.received(call, PAID, BODY, at, Duration.ZERO);
    }

    void unpaid(Instant at) {
        CallRecord call = sent(ID, CallKind.NOTE, at);
        calls.received(call, new ProviderReply(301, 200, null, null, Billed.NO), null, at, Duration.ZERO);
    }

    void worklist(String state) {
        database.update("""
                        INSERT INTO worklist (note_id, state, reason, due_at, enqueued_at)
                        VALUES (?, ?, 'PROVIDER_ERROR', now(), now())
                        ON CONFLICT (note_id) DO UPDATE SET state = EXCLUDED.state, reason = EXCLUDED.reason
                        """, ID.value(), state);
    }

    /** Data source of which some connections fail after {@link #begin}. */
    static final class Away extends DelegatingDataSource {

        final AtomicInteger times = new AtomicInteger();
        final AtomicInteger connections = new AtomicInteger();
        private final BooleanSupplier fails;
        private volatile boolean begun;

        Away(DataSource database, int atMost) {
            super(database);
            this.fails = () -> times.get() < atMost;
        }

        Away(DataSource database, BooleanSupplier fails) {
            super(database);
            this.fails = fails;
        }

        void begin() {
            begun = true;
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (begun && fails.getAsBoolean()) {
                times.incrementAndGet();
                throw new SQLException("the database is unavailable", "08006");
            }
            connections.incrementAndGet();
            return super.getConnection();
        }
    }
}
