package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
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
            CallRepository cut = over(counting);
            CallRecord call = sent(cut);
            int backend =
                    jdbc.sql("SELECT pg_backend_pid()").query(Integer.class).single();
            connections.set(0);

            database.jdbc()
                    .sql("SELECT pg_terminate_backend(:pid, 5000)")
                    .param("pid", backend)
                    .query(Boolean.class)
                    .single();
            received(cut, call);

            assertThat(connections.get()).isGreaterThan(1);
            assertStored();
        }
    }

    @Test
    void responseIsSpooledWhileTheDatabaseIsUnavailable() throws Exception {
        Away away = new Away(database.dataSource(), () -> spooledFiles().isEmpty());
        CallRepository cut = over(away);
        CallRecord call = sent(cut);
        away.begin();

        long number = received(cut, call);

        assertThat(away.times.get()).isPositive();
        assertThat(spooledFiles()).isEmpty();
        assertThat(number).isEqualTo(call.number());
        assertStored();
    }

    @Test
    void responseIsSpooledAfterASecondWithoutACommit() throws Exception {
        CallRecord call = sent(calls);
        FutureTask<Long> received = new FutureTask<>(() -> received(calls, call));
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
        assertStored();
    }

    @Test
    void responsesOfAGroupSurviveTheEndOfItsConnectionInTheirFiles() throws Exception {
        List<CallRecord> sent = ids(32).stream()
                .map(id -> sent(id, Endpoint.DETAIL, NOW, false))
                .toList();

        List<Future<Long>> results = inGroups(
                sent.stream()
                        .<Callable<Long>>map(call -> () -> received(calls, call))
                        .toList(),
                () -> {
                    assertThat(endBackendsThatWait())
                            .as("statements of all responses")
                            .isOne();
                    await().until(() -> spooledFiles().size() == sent.size());
                    return endBackendsThatWait();
                });

        for (int i = 0; i < sent.size(); i++) {
            assertThat(results.get(i).get()).isEqualTo(sent.get(i).number());
        }
        assertThat(spooledFiles()).isEmpty();
        assertThat(sent)
                .allSatisfy(call -> assertThat(history.calls(call.id()))
                        .singleElement()
                        .matches(NoteStats.CallEntry::responseHeld));
    }

    private long endBackendsThatWait() {
        return database.jdbc()
                .sql("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_locks WHERE NOT granted")
                .query(Long.class)
                .single();
    }

    @Test
    void rejectedResponseOfAGroupConcernsItsOwnCallOnly() throws Exception {
        List<CallRecord> sent = ids(32).stream()
                .map(id -> sent(id, Endpoint.DETAIL, NOW, false))
                .toList();

        List<Future<Long>> results = inGroups(
                sent.stream()
                        .<Callable<Long>>map(call -> () -> calls.received(
                                call,
                                new ProviderReply(
                                        0,
                                        200,
                                        call.equals(sent.get(20)) ? "a\0b" : null,
                                        "r-" + call.number(),
                                        Billed.YES),
                                String.valueOf(call.number()).getBytes(StandardCharsets.UTF_8),
                                NOW,
                                Duration.ZERO))
                        .toList(),
                () -> null);

        for (int i = 0; i < sent.size(); i++) {
            if (i != 20) {
                PaidResponse paid = responses
                        .latestPaid(sent.get(i).id(), Endpoint.DETAIL, NOW)
                        .orElseThrow();
                assertThat(paid.number()).isEqualTo(results.get(i).get());
                assertThat(new String(paid.body(), StandardCharsets.UTF_8)).isEqualTo("" + paid.number());
                assertThat(paid.call().facts().requestId()).isEqualTo("r-" + paid.number());
            }
        }
        assertThatThrownBy(results.get(20)::get).hasCauseInstanceOf(DataIntegrityViolationException.class);
        assertThat(ResponseSpool.read(spooledFiles().getFirst()).call()).isEqualTo(sent.get(20));
    }

    @Test
    void responseIsSpooledIfItsGroupCannotBeWrittenForAnotherReason() throws Exception {
        CallRecord call = sent(calls);
        calls.close();

        assertThatThrownBy(() -> received(calls, call)).isInstanceOf(IllegalStateException.class);

        assertThat(ResponseSpool.read(spooledFiles().getFirst()).body()).isEqualTo(BODY);
    }

    @Test
    void abortingRunStopsRetriesOfASpooledResponse() throws Exception {
        Away away = new Away(database.dataSource(), Integer.MAX_VALUE);
        CallRepository cut = over(away);
        cut.startExecution(7, () -> away.times.get() > 1);
        CallRecord call = sent(cut);
        away.begin();

        assertThatThrownBy(() -> received(cut, call)).isInstanceOf(DataAccessException.class);

        assertThat(away.times).hasValue(2);
        assertThat(spooledFiles()).hasSize(1);
    }

    @Test
    void unspooledResponseIsRetriedEvenIfTheRunAborts() throws Exception {
        Path noDirectory = Files.writeString(directory.resolve("taken"), "");
        Away away = new Away(database.dataSource(), 3);
        CallRepository cut = calls(away, new ResponseSpool(noDirectory));
        cut.startExecution(7, () -> true);
        CallRecord call = sent(cut);
        away.begin();

        received(cut, call);

        assertStored();
    }

    @Test
    void spooledResponseIsPersistedOnce() throws Exception {
        worklist("PENDING");
        CallRecord call = sent(calls);
        spool.write(new ReceivedResponse(call, PAID, BODY, NOW.plusMillis(7), Duration.ofMillis(7)));

        assertThat(persistSpooled()).hasSize(1);
        assertThat(persistSpooled()).isEmpty();

        assertThat(spooledFiles()).isEmpty();
        PaidResponse paid = latest();
        assertThat(paid.number()).isEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(BODY);
        assertThat(paid.receivedAt()).isEqualTo(NOW.plusMillis(7));
        assertThat(paid.call().facts().requestId()).isEqualTo("r-1");
        assertThat(history.calls(ID)).singleElement().matches(entry -> entry.durationMs() == 7);
    }

    @Test
    void filesOfRenamedNodesArePersistedButNotThoseOfActiveNodes() throws Exception {
        worklist("PENDING");
        CallRecord ofTheRenamed = sent(calls);
        ResponseSpool renamed = new ResponseSpool(directory.resolve("renamed"));
        renamed.write(new ReceivedResponse(ofTheRenamed, PAID, BODY, NOW, Duration.ZERO));
        ResponseSpool active = new ResponseSpool(directory.resolve("active"));
        active.write(new ReceivedResponse(ofTheRenamed, PAID, BODY, NOW, Duration.ZERO));
        assertThat(spool.ofAllNodes()).extracting(ResponseSpool::node).containsExactlyInAnyOrder("renamed", "active");

        assertThat(calls.persistSpooled("active"::equals)).containsExactly(ID);

        assertThat(renamed.count()).isZero();
        assertThat(active.count()).isOne();
        assertStored();
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
        CallRepository node = over(recording);
        CallRecord call = sent(node);

        node.received(call, PAID, BODY, NOW, Duration.ZERO);

        assertThat(timeouts).containsExactly(20_000);
    }

    @Test
    void unreadableSpoolIsNotTreatedAsEmpty(@TempDir Path directory) throws Exception {
        Path noDirectory = Files.createFile(directory.resolve("answers"));
        CallRepository unreadable = calls(database.dataSource(), new ResponseSpool(noDirectory));

        assertThatThrownBy(() -> unreadable.persistSpooled(_ -> false))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(noDirectory.toString())
                .hasMessageContaining("would be bought again");
        Files.delete(noDirectory);
        assertThat(unreadable.persistSpooled(_ -> false)).isEmpty();
    }

    @Test
    void spooledResponseOfAnErasedNoteKeepsItsBillingOnly() throws Exception {
        CallRecord call = sent(ID, Endpoint.DETAIL, NOW, true);
        spool.write(new ReceivedResponse(call, PAID, BODY, NOW, Duration.ZERO));
        database.jdbc()
                .sql("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (:id, now())")
                .param("id", ID.value())
                .update();

        assertThat(persistSpooled()).hasSize(1);

        assertThat(spooledFiles()).isEmpty();
        NoteStats.CallEntry entry = entry();
        assertThat(entry.billed()).isEqualTo(Billed.YES);
        assertThat(entry.responseHeld()).isFalse();
        assertThat(entry.message()).isNull();
        assertThat(totals.in(Night.of(NOW), Kind.REFRESH).billed()).isOne();
    }

    @Test
    void responseOfALostRowIsInsertedAgain() {
        CallRecord call = sent(calls);
        database.jdbc().sql("DELETE FROM api_call").update();

        long number = calls.received(call, PAID, BODY, NOW, Duration.ZERO);

        PaidResponse paid = latest();
        assertThat(paid.number()).isEqualTo(number).isNotEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(BODY);
    }

    @Test
    void spooledResponseDoesNotOverwriteTheRowOfAnotherNote() throws Exception {
        worklist("PENDING");
        long other = paid(NOW);
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
        worklist("PENDING");
        CallRecord strange = new CallRecord(1, new NoteId("66aa0000000000000000000f"), Endpoint.DETAIL, NOW, false);
        Path ofAnotherList = spool.write(new ReceivedResponse(strange, PAID, BODY, NOW, Duration.ZERO));
        Path damaged = ofAnotherList.resolveSibling("0.answer");
        Files.writeString(damaged, "{\"call\": 1");
        Path empty = Files.createFile(ofAnotherList.resolveSibling("1.answer"));
        Path refused = spool.write(new ReceivedResponse(
                sent(calls), new ProviderReply(0, 200, "a\0b", null, Billed.YES), BODY, NOW, Duration.ZERO));
        spool.write(new ReceivedResponse(
                sent(ID, Endpoint.DETAIL, NOW.plusSeconds(1), false), PAID, BODY, NOW, Duration.ZERO));

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
