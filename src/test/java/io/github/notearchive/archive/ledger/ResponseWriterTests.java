package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
import io.github.notearchive.archive.ledger.ResponseSpool.ReceivedResponse;
import io.github.notearchive.archive.query.CallTotals.CallPurpose;
import io.github.notearchive.archive.query.NoteStats;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;

class ResponseWriterTests extends LedgerFixture {

    @Test
    void responseSurvivesACutConnection() {
        try (HikariDataSource pool = database.poolOf(1)) {
            Away counting = new Away(pool, 0);
            CallRepository cut = over(counting);
            CallRecord call = sent(cut);
            int backend = JdbcClient.create(pool)
                    .sql("SELECT pg_backend_pid()")
                    .query(Integer.class)
                    .single();
            int before = counting.connections.get();

            assertThat(database.texts("SELECT pg_terminate_backend(?, 5000)::text", backend))
                    .containsExactly("true");
            received(cut, call);

            assertThat(counting.connections.get()).isGreaterThan(before + 1);
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
        database.whileLocked("LOCK TABLE api_call", () -> {
            Thread.ofPlatform().daemon().start(received);

            await().until(() -> spooledFiles().size() == 1);

            assertThat(received.isDone()).as("written to the database").isFalse();
            assertThat(ResponseSpool.read(spooledFiles().getFirst()).body()).isEqualTo(BODY);
            return received;
        });

        assertThat(received.get(20, TimeUnit.SECONDS)).isEqualTo(call.number());
        assertThat(spooledFiles()).isEmpty();
        assertStored();
    }

    @Test
    void responsesOfAGroupSurviveTheEndOfItsConnectionInTheirFiles() throws Exception {
        List<CallRecord> sent = sent(32);
        String endBackends = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_locks WHERE NOT granted";

        List<Future<Long>> results = inGroups(sent.stream().map(call -> () -> received(calls, call)), () -> {
            assertThat(database.count(endBackends))
                    .as("statements of all responses")
                    .isOne();
            await().until(() -> spooledFiles().size() == sent.size());
            return database.count(endBackends);
        });

        assertThat(results)
                .extracting(Future::get)
                .containsExactlyElementsOf(sent.stream().map(CallRecord::number).toList());
        assertThat(spooledFiles()).isEmpty();
        assertThat(sent)
                .allSatisfy(call -> assertThat(history.calls(call.id()))
                        .singleElement()
                        .matches(NoteStats.CallEntry::responseHeld));
    }

    @Test
    void rejectedResponseOfAGroupConcernsItsOwnCallOnly() throws Exception {
        List<CallRecord> sent = sent(32);

        List<Future<Long>> results = inGroups(sent.stream().map(call -> () -> {
            String message = call.equals(sent.get(20)) ? "a\0b" : null;
            ProviderReply reply = new ProviderReply(0, 200, message, "r-" + call.number(), Billed.YES);
            byte[] body = String.valueOf(call.number()).getBytes(StandardCharsets.UTF_8);
            return calls.received(call, reply, body, NOW, Duration.ZERO);
        }));

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
        assertThat(ResponseSpool.read(spooledFiles().getFirst()).call())
                .isEqualTo(sent.get(20).number());
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
        spool.write(ReceivedResponse.of(call, PAID, BODY, NOW.plusMillis(7), Duration.ofMillis(7)));

        assertThat(persistSpooled()).hasSize(1);
        assertThat(persistSpooled()).isEmpty();

        assertThat(spooledFiles()).isEmpty();
        assertStored();
        assertThat(entry())
                .extracting("id", "receivedAt", "requestId", "durationMs")
                .containsExactly(call.number(), NOW.plusMillis(7), "r-1", 7);
    }

    @Test
    void filesOfRenamedNodesArePersistedButNotThoseOfActiveNodes() throws Exception {
        worklist("PENDING");
        CallRecord ofTheRenamed = sent(calls);
        ResponseSpool renamed = new ResponseSpool(directory.resolve("renamed"));
        renamed.write(received(ofTheRenamed));
        ResponseSpool active = new ResponseSpool(directory.resolve("active"));
        active.write(received(ofTheRenamed));
        assertThat(spool.nonEmpty()).extracting(ResponseSpool::node).containsExactlyInAnyOrder("renamed", "active");

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
        CallRecord call = sent(ID, CallKind.REFRESH, NOW);
        spool.write(received(call));
        database.update("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (?, now())", ID.value());

        assertThat(persistSpooled()).hasSize(1);

        assertThat(spooledFiles()).isEmpty();
        NoteStats.CallEntry entry = entry();
        assertThat(entry.billed()).isEqualTo(Billed.YES);
        assertThat(entry.responseHeld()).isFalse();
        assertThat(entry.message()).isNull();
        assertThat(totals.in(Night.of(NOW), CallPurpose.REFRESH).billed()).isOne();
    }

    @Test
    void responseOfALostRowIsInsertedAgainAndOnceOnly() {
        CallRecord call = sent(calls);
        database.update("DELETE FROM api_call");

        long number = calls.received(call, PAID, BODY, NOW, Duration.ZERO);
        // the commit of the first attempt was not confirmed
        assertThat(calls.received(call, PAID, BODY, NOW, Duration.ZERO)).isEqualTo(number);

        assertThat(history.calls(ID)).hasSize(1);

        PaidResponse paid = latest();
        assertThat(paid.number()).isEqualTo(number).isNotEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(BODY);
    }

    @Test
    void spooledResponseDoesNotOverwriteTheRowOfAnotherNote() throws Exception {
        worklist("PENDING");
        long other = paid(NOW);
        CallRecord elsewhere = new CallRecord(other, ID, CallKind.NOTE, NOW.minus(Duration.ofDays(1)));
        spool.write(ReceivedResponse.of(elsewhere, PAID, new byte[] {'x'}, NOW, Duration.ZERO));

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
        CallRecord strange = new CallRecord(1, new NoteId("66aa0000000000000000000f"), CallKind.NOTE, NOW);
        Path ofAnotherList = spool.write(received(strange));
        Path damaged = ofAnotherList.resolveSibling("0.answer");
        Files.writeString(damaged, "{\"call\": 1");
        Path empty = Files.createFile(ofAnotherList.resolveSibling("1.answer"));
        Path ofAnUnknownEndpoint = Files.move(keep(ID), ofAnotherList.resolveSibling("2.answer"));
        Files.writeString(
                ofAnUnknownEndpoint,
                Files.readString(ofAnUnknownEndpoint).replace("note-detail/v1", "note-detail/v99"));
        Path refused = spool.write(ReceivedResponse.of(
                sent(calls), new ProviderReply(0, 200, "a\0b", null, Billed.YES), BODY, NOW, Duration.ZERO));
        spool.write(received(sent(ID, CallKind.NOTE, NOW.plusSeconds(1))));

        assertThat(persistSpooled()).hasSize(1);

        assertThat(spooledFiles())
                .containsExactlyInAnyOrder(ofAnotherList, damaged, empty, ofAnUnknownEndpoint, refused);
    }

    private List<NoteId> persistSpooled() {
        return calls.persistSpooled(_ -> false);
    }

    private static ReceivedResponse received(CallRecord call) {
        return ReceivedResponse.of(call, PAID, BODY, NOW, Duration.ZERO);
    }

    // files

    @Test
    void filesOfErasedNotesAreDeletedAndNoOthers() throws Exception {
        keep(new NoteId("66aa0000000000000000000f"));
        Path file = keep(ID);
        Path half = file.resolveSibling(file.getFileName() + ".part");
        Files.copy(file, half);
        assertThat(spooledFiles()).as("to be persisted").hasSize(2);

        assertThat(spool.remove(List.of(ID))).isEqualTo(2);
        assertThat(spool.remove(List.of(ID))).isZero();

        assertThat(half).doesNotExist();
        assertThat(spooledFiles()).hasSize(1).doesNotContain(file);
    }

    @Test
    void spooledFileIsReadableByItsOwnerOnlyAndNamesItsCall() throws Exception {
        Path file = keep(ID);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(file.getParent()).isDirectoryNotContaining("glob:**.part");
        assertThat(ResponseSpool.read(file).endpoint()).isEqualTo("note-detail/v1");
        assertThat(Files.readString(file))
                .contains("\"endpoint\":\"note-detail/v1\"", "\"noteId\":\"" + ID, "\"code\":0", "\"billed\":\"YES\"");
    }

    private Path keep(NoteId note) throws IOException {
        return spool.write(received(sent(note, CallKind.NOTE, NOW)));
    }
}
