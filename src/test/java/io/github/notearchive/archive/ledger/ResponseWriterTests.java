package io.github.notearchive.archive.ledger;

import static io.github.notearchive.archive.ledger.Book.BODY;
import static io.github.notearchive.archive.ledger.Book.ID;
import static io.github.notearchive.archive.ledger.Book.NOW;
import static io.github.notearchive.archive.ledger.Book.PAID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
import io.github.notearchive.archive.ledger.ResponseWriter.ReceivedResponse;
import io.github.notearchive.archive.stats.CallTotals.Kind;
import io.github.notearchive.archive.stats.NoteStats;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;

class ResponseWriterTests extends LedgerFixture {

    @Test
    void responseSurvivesACutConnection() throws Exception {
        try (HikariDataSource pool = database.poolOf(1)) {
            AtomicInteger connections = new AtomicInteger();
            var counting = new DelegatingDataSource(pool) {
                @Override
                public Connection getConnection() throws SQLException {
                    connections.incrementAndGet();
                    return super.getConnection();
                }
            };
            JdbcClient jdbc = JdbcClient.create(counting);
            CallRepository cut = book.over(counting);
            CallRecord call = book.sent(cut, ID, Endpoint.DETAIL, NOW, false);
            int backend =
                    jdbc.sql("SELECT pg_backend_pid()").query(Integer.class).single();
            connections.set(0);

            database.jdbc()
                    .sql("SELECT pg_terminate_backend(:pid, 5000)")
                    .param("pid", backend)
                    .query(Boolean.class)
                    .single();
            cut.received(call, PAID, BODY, NOW, Duration.ofSeconds(1));

            assertThat(connections.get()).isGreaterThan(1);
            assertThat(responses
                            .latestPaid(ID, Endpoint.DETAIL, NOW)
                            .orElseThrow()
                            .body())
                    .isEqualTo(BODY);
        }
    }

    @Test
    void responseIsSpooledWhileTheDatabaseIsUnavailable() throws Exception {
        AtomicBoolean away = new AtomicBoolean();
        List<Path> filesMeanwhile = new ArrayList<>();
        DataSource failing = new DelegatingDataSource(database.dataSource()) {
            @Override
            public Connection getConnection() throws SQLException {
                if (!away.get()) {
                    return super.getConnection();
                }
                filesMeanwhile.addAll(spooledFiles());
                away.set(filesMeanwhile.isEmpty());
                throw new SQLException("the database is unavailable", "08006");
            }
        };
        CallRepository cut = book.over(failing);
        CallRecord call = book.sent(cut, ID, Endpoint.DETAIL, NOW, false);
        away.set(true);

        long number = cut.received(call, PAID, BODY, NOW, Duration.ofSeconds(1));

        assertThat(filesMeanwhile).hasSize(1);
        assertThat(spooledFiles()).isEmpty();
        assertThat(number).isEqualTo(call.number());
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().body())
                .isEqualTo(BODY);
    }

    @Test
    void responseIsSpooledAfterASecondWithoutACommit() throws Exception {
        CallRecord call = book.sent(ID, Endpoint.DETAIL, NOW, false);
        FutureTask<Long> received =
                new FutureTask<>(() -> calls.received(call, PAID, BODY, NOW, Duration.ofSeconds(1)));
        try (Connection other = database.dataSource().getConnection();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("LOCK TABLE api_call");
            Thread.ofPlatform().daemon().start(received);

            await().until(() -> spooledFiles().size() == 1);

            assertThat(received.isDone()).as("written to the database").isFalse();
            assertThat(ResponseSpool.read(spooledFiles().getFirst()).body()).isEqualTo(BODY);
            other.rollback();
        }

        assertThat(received.get(20, TimeUnit.SECONDS)).isEqualTo(call.number());
        assertThat(spooledFiles()).isEmpty();
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().body())
                .isEqualTo(BODY);
    }

    @Test
    void abortingRunStopsRetriesOfASpooledResponse() throws Exception {
        Away away = new Away(database.dataSource(), Integer.MAX_VALUE);
        CallRepository cut = book.over(away);
        cut.startExecution(7, () -> away.times.get() > 1);
        CallRecord call = book.sent(cut, ID, Endpoint.DETAIL, NOW, false);
        away.begin();

        assertThatThrownBy(() -> cut.received(call, PAID, BODY, NOW, Duration.ofSeconds(1)))
                .isInstanceOf(DataAccessException.class);

        assertThat(away.times).hasValue(2);
        assertThat(spooledFiles()).hasSize(1);
    }

    @Test
    void unspooledResponseIsRetriedEvenIfTheRunAborts() throws Exception {
        Path noDirectory = Files.writeString(directory.resolve("taken"), "");
        Away away = new Away(database.dataSource(), 3);
        CallRepository cut = Book.calls(away, new ResponseSpool(noDirectory));
        cut.startExecution(7, () -> true);
        CallRecord call = book.sent(cut, ID, Endpoint.DETAIL, NOW, false);
        away.begin();

        cut.received(call, PAID, BODY, NOW, Duration.ofSeconds(1));

        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().body())
                .isEqualTo(BODY);
    }

    /** Data source that fails a number of connections after {@link #begin}. */
    private static final class Away extends DelegatingDataSource {

        private final AtomicInteger times = new AtomicInteger();
        private final int atMost;
        private volatile boolean begun;

        Away(DataSource database, int atMost) {
            super(database);
            this.atMost = atMost;
        }

        void begin() {
            begun = true;
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (begun && times.get() < atMost) {
                times.incrementAndGet();
                throw new SQLException("the database is unavailable", "08006");
            }
            return super.getConnection();
        }
    }

    @Test
    void spooledResponseIsPersistedOnce() throws Exception {
        book.worklist("PENDING");
        CallRecord call = book.sent(ID, Endpoint.DETAIL, NOW, false);
        spool.write(new ReceivedResponse(call, PAID, BODY, NOW.plusMillis(7), Duration.ofMillis(7)));

        assertThat(persistSpooled()).hasSize(1);
        assertThat(persistSpooled()).isEmpty();

        assertThat(spooledFiles()).isEmpty();
        PaidResponse paid = responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow();
        assertThat(paid.number()).isEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(BODY);
        assertThat(paid.receivedAt()).isEqualTo(NOW.plusMillis(7));
        assertThat(paid.call().facts().requestId()).isEqualTo("r-1");
        assertThat(history.calls(ID)).singleElement().matches(entry -> entry.durationMs() == 7);
    }

    @Test
    void filesOfRenamedNodesArePersistedButNotThoseOfActiveNodes() throws Exception {
        book.worklist("PENDING");
        CallRecord ofTheRenamed = book.sent(ID, Endpoint.DETAIL, NOW, false);
        ResponseSpool renamed = new ResponseSpool(directory.resolve("renamed"));
        renamed.write(new ReceivedResponse(ofTheRenamed, PAID, BODY, NOW, Duration.ZERO));
        ResponseSpool active = new ResponseSpool(directory.resolve("active"));
        active.write(new ReceivedResponse(ofTheRenamed, PAID, BODY, NOW, Duration.ZERO));
        assertThat(spool.ofAllNodes()).extracting(ResponseSpool::node).containsExactlyInAnyOrder("renamed", "active");

        assertThat(calls.persistSpooled("active"::equals)).containsExactly(ID);

        assertThat(renamed.count()).isZero();
        assertThat(active.count()).isOne();
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().body())
                .isEqualTo(BODY);
        assertThat(spool.remove(List.of(ID))).as("of all nodes").isOne();
        assertThat(active.count()).isZero();
    }

    @Test
    void writeAttemptTimesOutBeforeTheLeaseEnds() {
        List<Object> timeouts = new ArrayList<>();
        DataSource recording = new DelegatingDataSource(database.dataSource()) {
            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                return (Connection) Proxy.newProxyInstance(
                        getClass().getClassLoader(), new Class<?>[] {Connection.class}, (_, method, arguments) -> {
                            if (method.getName().equals("setNetworkTimeout")) {
                                timeouts.add(arguments[1]);
                            }
                            return method.invoke(connection, arguments);
                        });
            }
        };
        CallRepository node = book.over(recording);
        CallRecord call = book.sent(node, ID, Endpoint.DETAIL, NOW, false);

        node.received(call, PAID, BODY, NOW, Duration.ZERO);

        assertThat(timeouts).containsExactly(20_000);
    }

    @Test
    void unreadableSpoolIsNotTreatedAsEmpty(@TempDir Path directory) throws Exception {
        Path noDirectory = Files.createFile(directory.resolve("answers"));
        CallRepository unreadable = Book.calls(database.dataSource(), new ResponseSpool(noDirectory));

        assertThatThrownBy(() -> unreadable.persistSpooled(_ -> false))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(noDirectory.toString())
                .hasMessageContaining("would be bought again");
        Files.delete(noDirectory);
        assertThat(unreadable.persistSpooled(_ -> false)).isEmpty();
    }

    @Test
    void spooledResponseOfAnErasedNoteKeepsItsBillingOnly() throws Exception {
        CallRecord call = book.sent(ID, Endpoint.DETAIL, NOW, true);
        spool.write(new ReceivedResponse(call, PAID, BODY, NOW, Duration.ZERO));
        database.jdbc()
                .sql("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (:id, now())")
                .param("id", ID.value())
                .update();

        assertThat(persistSpooled()).hasSize(1);

        assertThat(spooledFiles()).isEmpty();
        NoteStats.CallEntry entry = history.calls(ID).getFirst();
        assertThat(entry.billed()).isEqualTo(Billed.YES);
        assertThat(entry.responseHeld()).isFalse();
        assertThat(entry.message()).isNull();
        assertThat(totals.in(Night.of(NOW), Kind.REFRESH).billed()).isOne();
    }

    @Test
    void responseOfALostRowIsInsertedAgain() {
        CallRecord call = book.sent(ID, Endpoint.DETAIL, NOW, false);
        database.jdbc().sql("DELETE FROM api_call").update();

        long number = calls.received(call, PAID, BODY, NOW, Duration.ZERO);

        PaidResponse paid = responses.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow();
        assertThat(paid.number()).isEqualTo(number).isNotEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(BODY);
    }

    @Test
    void spooledResponseDoesNotOverwriteTheRowOfAnotherNote() throws Exception {
        book.worklist("PENDING");
        long other = book.paid(NOW);
        CallRecord elsewhere = new CallRecord(other, ID, Endpoint.DETAIL, NOW.minus(Duration.ofDays(1)), false);
        spool.write(new ReceivedResponse(elsewhere, PAID, new byte[] {'x'}, NOW, Duration.ZERO));

        assertThat(persistSpooled()).hasSize(1);

        assertThat(history.calls(ID)).hasSize(2);
        assertThat(responses
                        .latestPaid(ID, Endpoint.DETAIL, NOW, other + 1)
                        .orElseThrow()
                        .body())
                .isEqualTo(BODY);
    }

    @Test
    void rejectedFileStaysAndDoesNotBlockOthers() throws Exception {
        book.worklist("PENDING");
        CallRecord strange = new CallRecord(1, new NoteId("66aa0000000000000000000f"), Endpoint.DETAIL, NOW, false);
        Path ofAnotherList = spool.write(new ReceivedResponse(strange, PAID, BODY, NOW, Duration.ZERO));
        Path damaged = ofAnotherList.resolveSibling("0.answer");
        Files.writeString(damaged, "{\"call\": 1");
        Path empty = Files.createFile(ofAnotherList.resolveSibling("1.answer"));
        Path refused = spool.write(new ReceivedResponse(
                book.sent(ID, Endpoint.DETAIL, NOW, false),
                new ProviderReply(0, 200, "a\0b", null, Billed.YES),
                BODY,
                NOW,
                Duration.ZERO));
        spool.write(new ReceivedResponse(
                book.sent(ID, Endpoint.DETAIL, NOW.plusSeconds(1), false), PAID, BODY, NOW, Duration.ZERO));

        assertThat(persistSpooled()).hasSize(1);

        assertThat(spooledFiles()).containsExactlyInAnyOrder(ofAnotherList, damaged, empty, refused);
    }

    private List<NoteId> persistSpooled() {
        return calls.persistSpooled(_ -> false);
    }

    private List<Path> spooledFiles() {
        try {
            return spool.spooledFiles();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
