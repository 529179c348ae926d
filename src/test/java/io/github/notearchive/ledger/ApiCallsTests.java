package io.github.notearchive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.zaxxer.hikari.HikariDataSource;
import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.Billed;
import io.github.notearchive.source.CallLimits;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.source.Inquiry;
import io.github.notearchive.source.NightlyCalls;
import io.github.notearchive.source.ProviderReply;
import io.github.notearchive.source.RunStop;
import io.github.notearchive.source.SentCall;
import io.github.notearchive.source.WrittenCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;

class ApiCallsTests {

    private static final NoteId ID = new NoteId("66aa00000000000000000001");
    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00.123Z");
    private static final byte[] ANSWER =
            "{\"code\":0, \"x\":\"\u0000\uFFFD\"}".getBytes(StandardCharsets.UTF_8);

    private static final ProviderReply PAID = new ProviderReply(0, 200, null, "r-1", Billed.YES);

    /** Limits that no test reaches, so that every call is counted. */
    private static final CallLimits ALL = new CallLimits(1_000, 1_000, 1_000);

    @TempDir Path directory;

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private UnwrittenAnswers unwritten;
    private ApiCalls calls;

    @BeforeEach
    void begin() {
        unwritten = new UnwrittenAnswers(directory.resolve("answers"));
        calls = new ApiCalls(database.jdbc(), database.transactions(), unwritten);
    }

    @Test
    void aCallIsDurableBeforeItsRequestLeavesAndItsBillIsUnknown() {
        calls.belongTo(7);

        SentCall call = sent(calls, ID, "note-detail/v1", NOW, false);

        assertThat(calls.of(ID))
                .containsExactly(
                        new ApiCalls.CallEntry(
                                call.number(),
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
                                null,
                                false));
    }

    @Test
    void entriesAreCommittedWhateverBecomesOfTheCallersTransaction() {
        Inquiry note = claimed(ID);
        assertThatThrownBy(
                        () ->
                                database.inTransaction(
                                        () -> {
                                            paid(note, NOW);
                                            throw new IllegalStateException("rolled back");
                                        }))
                .hasMessage("rolled back");

        assertThat(calls.of(ID)).singleElement().matches(ApiCalls.CallEntry::answerHeld);
    }

    @Test
    void theAnswerIsKeptByteForByte() {
        long call = paid(NOW);

        PaidAnswer paid = calls.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow();

        assertThat(paid.call()).isEqualTo(call);
        assertThat(paid.body()).isEqualTo(ANSWER);
        assertThat(paid.receivedAt()).isEqualTo(NOW);
        assertThat(paid.httpStatus()).isEqualTo(200);
        assertThat(paid.requestId()).isEqualTo("r-1");
        assertThat(paid.mediaGone()).isFalse();
    }

    @Test
    void whatCameBackIsWrittenBesideTheQuestion() {
        SentCall call = sent(calls, ID, "note-detail/v1", NOW, false);

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
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, Instant.EPOCH)).isEmpty();
    }

    @Test
    void aFaultHasNeitherCodeNorStatus() {
        SentCall call = sent(calls, ID, "note-detail/v1", NOW, false);

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
        SentCall left = sent(calls, ID, "note-detail/v1", NOW, false);
        calls.notSent(left, ALL);
        assertThat(calls.of(ID)).isEmpty();

        SentCall answered = sent(calls, ID, "note-detail/v1", NOW, false);
        calls.received(answered, PAID, ANSWER, NOW, Duration.ZERO);
        calls.notSent(answered, ALL);
        assertThat(calls.of(ID)).hasSize(1);
    }

    @Test
    void theNewestPaidAnswerWins() {
        paid(NOW.minusSeconds(60));
        long second = paid(NOW);
        unpaid(NOW.plusSeconds(60));

        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, Instant.EPOCH).orElseThrow().call())
                .isEqualTo(second);
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, NOW)).isPresent();
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, NOW.plusMillis(1))).isEmpty();
        assertThat(
                        calls.latestPaid(
                                new NoteId("66aa00000000000000000002"),
                                Endpoint.DETAIL,
                                Instant.EPOCH))
                .isEmpty();
    }

    @Test
    void theFirstTimeThatMediaWereGoneIsKept() {
        long call = paid(NOW);

        calls.mediaGone(call, NOW.plusSeconds(1));
        calls.mediaGone(call, NOW.plusSeconds(2));

        assertThat(calls.of(ID).getFirst().mediaGoneAt()).isEqualTo(NOW.plusSeconds(1));
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().mediaGone()).isTrue();
    }

    @Test
    void callsAreCountedByTheNightInWhichTheyLeft() {
        Night night = Night.of(NOW);
        calls.belongTo(1);
        paid(night.begins());
        paid(night.ends().minusMillis(1));
        calls.belongTo(2);
        unpaid(night.begins());
        sent(calls, ID, "note-detail/v1", night.begins(), false);
        paid(night.ends());
        paid(night.begins().minusMillis(1));

        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(4, 0, 0));
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
            ApiCalls cut = new ApiCalls(jdbc, new JdbcTransactionManager(counting), unwritten);
            SentCall call = sent(cut, ID, "note-detail/v1", NOW, false);
            int backend = jdbc.sql("SELECT pg_backend_pid()").query(Integer.class).single();
            connections.set(0);

            database.jdbc()
                    .sql("SELECT pg_terminate_backend(:pid, 5000)")
                    .param("pid", backend)
                    .query(Boolean.class)
                    .single();
            cut.received(call, PAID, ANSWER, NOW, Duration.ofSeconds(1));

            assertThat(connections.get()).isGreaterThan(1);
            assertThat(calls.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().body())
                    .isEqualTo(ANSWER);
        }
    }

    @Test
    void anAnswerLiesInAFileWhileTheDatabaseDoesNotTakeIt() throws Exception {
        AtomicBoolean away = new AtomicBoolean();
        List<Path> filesMeanwhile = new ArrayList<>();
        DataSource moody =
                new DelegatingDataSource(database.dataSource()) {
                    @Override
                    public Connection getConnection() throws SQLException {
                        if (!away.get()) {
                            return super.getConnection();
                        }
                        filesMeanwhile.addAll(waiting());
                        away.set(filesMeanwhile.isEmpty());
                        throw new SQLException("the database is away", "08006");
                    }
                };
        ApiCalls cut =
                new ApiCalls(
                        JdbcClient.create(moody), new JdbcTransactionManager(moody), unwritten);
        SentCall call = sent(cut, ID, "note-detail/v1", NOW, false);
        away.set(true);

        long number = cut.received(call, PAID, ANSWER, NOW, Duration.ofSeconds(1));

        assertThat(filesMeanwhile).hasSize(1);
        assertThat(waiting()).isEmpty();
        assertThat(number).isEqualTo(call.number());
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow().body())
                .isEqualTo(ANSWER);
    }

    @Test
    void anAnswerThatWaitsInAFileIsBroughtInOnceAsIfItHadBeenWrittenAtOnce() throws Exception {
        worklist("PENDING");
        SentCall call = sent(calls, ID, "note-detail/v1", NOW, false);
        unwritten.keep(call, PAID, ANSWER, NOW.plusMillis(7), Duration.ofMillis(7));

        assertThat(calls.bringInUnwritten()).isEqualTo(1);
        assertThat(calls.bringInUnwritten()).isZero();

        assertThat(waiting()).isEmpty();
        PaidAnswer paid = calls.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow();
        assertThat(paid.call()).isEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(ANSWER);
        assertThat(paid.receivedAt()).isEqualTo(NOW.plusMillis(7));
        assertThat(paid.requestId()).isEqualTo("r-1");
        assertThat(calls.of(ID)).singleElement().matches(entry -> entry.durationMs() == 7);
    }

    @Test
    void filesThatNobodyMayLookAtAreNotTakenForNone(@TempDir Path directory) throws Exception {
        Path noDirectory = Files.createFile(directory.resolve("answers"));
        ApiCalls blind =
                new ApiCalls(
                        database.jdbc(),
                        database.transactions(),
                        new UnwrittenAnswers(noDirectory));

        assertThatThrownBy(blind::bringInUnwritten)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(noDirectory.toString())
                .hasMessageContaining("would be bought again");
        Files.delete(noDirectory);
        assertThat(blind.bringInUnwritten()).isZero();
    }

    @Test
    void ofAnAnswerInAFileWhoseNoteWasForgottenSinceTheBillIsKeptAndNothingElse() throws Exception {
        SentCall call = sent(calls, ID, "note-detail/v1", NOW, true);
        unwritten.keep(call, PAID, ANSWER, NOW, Duration.ZERO);
        database.jdbc()
                .sql("INSERT INTO forgotten_note (note_id, forgotten_at) VALUES (:id, now())")
                .param("id", ID.value())
                .update();

        assertThat(calls.bringInUnwritten()).isEqualTo(1);

        assertThat(waiting()).isEmpty();
        ApiCalls.CallEntry entry = calls.of(ID).getFirst();
        assertThat(entry.billed()).isEqualTo("YES");
        assertThat(entry.answerHeld()).isFalse();
        assertThat(entry.message()).isNull();
        assertThat(calls.billOfRefreshesIn(Night.of(NOW)).billed()).isOne();
    }

    @Test
    void filesOfForgottenNotesAreDeletedAndNoOthers() throws Exception {
        NoteId other = new NoteId("66aa0000000000000000000f");
        unwritten.keep(
                sent(calls, ID, "note-detail/v1", NOW, false), PAID, ANSWER, NOW, Duration.ZERO);
        unwritten.keep(
                sent(calls, other, "note-detail/v1", NOW, false), PAID, ANSWER, NOW, Duration.ZERO);

        assertThat(unwritten.remove(List.of(ID))).isEqualTo(1);
        assertThat(unwritten.remove(List.of(ID))).isZero();

        assertThat(waiting()).hasSize(1);
    }

    @Test
    void anAnswerWhoseRowWasLostIsWrittenAnew() {
        SentCall call = sent(calls, ID, "note-detail/v1", NOW, false);
        database.jdbc().sql("DELETE FROM api_call").update();

        long number = calls.received(call, PAID, ANSWER, NOW, Duration.ZERO);

        PaidAnswer paid = calls.latestPaid(ID, Endpoint.DETAIL, NOW).orElseThrow();
        assertThat(paid.call()).isEqualTo(number).isNotEqualTo(call.number());
        assertThat(paid.body()).isEqualTo(ANSWER);
    }

    @Test
    void theRowOfAnotherNoteIsNotOverwrittenByAnAnswerFromElsewhere() throws Exception {
        worklist("PENDING");
        long other = paid(NOW);
        SentCall elsewhere =
                new SentCall(other, ID, "note-detail/v1", NOW.minus(Duration.ofDays(1)), false);
        unwritten.keep(elsewhere, PAID, new byte[] {'x'}, NOW, Duration.ZERO);

        assertThat(calls.bringInUnwritten()).isEqualTo(1);

        assertThat(calls.of(ID)).hasSize(2);
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, NOW, other + 1).orElseThrow().body())
                .isEqualTo(ANSWER);
    }

    @Test
    void aFileThatCannotBeBroughtInStaysAndHoldsUpNoOther() throws Exception {
        worklist("PENDING");
        SentCall strange =
                new SentCall(
                        1, new NoteId("66aa0000000000000000000f"), "note-detail/v1", NOW, false);
        Path ofAnotherList = unwritten.keep(strange, PAID, ANSWER, NOW, Duration.ZERO);
        Path damaged = ofAnotherList.resolveSibling("0.answer");
        Files.writeString(damaged, "{\"call\": 1");
        Path empty = Files.createFile(ofAnotherList.resolveSibling("1.answer"));
        Path refused =
                unwritten.keep(
                        sent(calls, ID, "note-detail/v1", NOW, false),
                        new ProviderReply(0, 200, "a\0b", null, Billed.YES),
                        ANSWER,
                        NOW,
                        Duration.ZERO);
        unwritten.keep(
                sent(calls, ID, "note-detail/v1", NOW.plusSeconds(1), false),
                PAID,
                ANSWER,
                NOW,
                Duration.ZERO);

        assertThat(calls.bringInUnwritten()).isEqualTo(1);

        assertThat(waiting()).containsExactlyInAnyOrder(ofAnotherList, damaged, empty, refused);
    }

    @Test
    void onlyTheOwnerMayReadAFileWithAnAnswer() throws Exception {
        Path file =
                unwritten.keep(
                        sent(calls, ID, "note-detail/v1", NOW, false),
                        PAID,
                        ANSWER,
                        NOW,
                        Duration.ZERO);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(file.getParent()).isDirectoryNotContaining("glob:**.part");
    }

    private List<Path> waiting() {
        try {
            return unwritten.waiting();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
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
        assertThat(calls.latestPaid(ID, Endpoint.DETAIL, Instant.EPOCH)).isEmpty();
    }

    @Test
    void nodesThatSendAtOnceShareTheLimitsOfANight() throws Exception {
        Night night = Night.of(NOW);
        CallLimits limits = new CallLimits(20, 5, 3);
        ApiCalls elsewhere = new ApiCalls(database.jdbc(), database.transactions(), unwritten);
        Inquiry note = claimed(ID);
        List<Callable<Long>> nodes = new ArrayList<>();
        for (ApiCalls node : List.of(calls, elsewhere, calls, elsewhere)) {
            nodes.add(() -> sendMany(node, note, "note-detail/v6", false, limits));
            nodes.add(() -> sendMany(node, note, "note-detail/v1", true, limits));
        }

        long few = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(nodes.size())) {
            for (Future<Long> sent : threads.invokeAll(nodes)) {
                few += sent.get();
            }
        }

        assertThat(few).isEqualTo(5 + 3);
        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(8, 5, 3));
        nodes.clear();
        nodes.add(() -> sendMany(calls, note, "note-detail/v1", false, limits));
        nodes.add(() -> sendMany(elsewhere, note, "note-detail/v1", false, limits));
        long rest = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(nodes.size())) {
            for (Future<Long> sent : threads.invokeAll(nodes)) {
                rest += sent.get();
            }
        }

        assertThat(rest).isEqualTo(12);
        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(20, 5, 3));
        assertThat(calls.of(ID)).hasSize(20);
        assertThat(
                        written(
                                        calls.sending(
                                                claimed(ID),
                                                "note-detail/v1",
                                                night.ends(),
                                                false,
                                                limits))
                                .tonight())
                .as("of the next night")
                .isEqualTo(new NightlyCalls(1, 0, 0));
    }

    private static long sendMany(
            ApiCalls node, Inquiry note, String endpoint, boolean refresh, CallLimits limits) {
        return IntStream.range(0, 15)
                .filter(
                        _ ->
                                node.sending(note, endpoint, NOW, refresh, limits)
                                        instanceof WrittenCall.Written)
                .count();
    }

    @Test
    void whatDidNotLeaveIsNotCountedAndANightThatBeginsAnewIsCountedFromTheLedger() {
        Night night = Night.of(NOW);
        SentCall video = sent(calls, ID, "note-detail/v6", NOW, false);
        SentCall refresh = sent(calls, ID, "note-detail/v1", NOW, true);
        paid(NOW);
        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(3, 1, 1));

        calls.notSent(video, ALL);
        calls.notSent(video, ALL);

        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(2, 0, 1));
        calls.notSent(refresh, ALL);
        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(1, 0, 0));
        assertThat(calls.count(night)).isEqualTo(new NightlyCalls(1, 0, 0));

        database.jdbc().sql("TRUNCATE nightly_calls").update();
        assertThat(calls.sentIn(night)).isEqualTo(NightlyCalls.NONE);
        assertThat(calls.count(night)).isEqualTo(new NightlyCalls(1, 0, 0));
    }

    @Test
    void aCallThatNoLimitIsAboutIsNotCountedAndSoNotGivenBack() {
        Night night = Night.of(NOW);
        CallLimits ofRefreshes = new CallLimits(0, 0, 5);

        SentCall note =
                written(calls.sending(claimed(ID), "note-detail/v1", NOW, false, ofRefreshes))
                        .call();
        assertThat(calls.sentIn(night)).isEqualTo(NightlyCalls.NONE);
        assertThat(
                        written(
                                        calls.sending(
                                                claimed(ID),
                                                "note-detail/v1",
                                                NOW,
                                                true,
                                                ofRefreshes))
                                .tonight())
                .isEqualTo(new NightlyCalls(1, 0, 1));

        calls.notSent(note, ofRefreshes);
        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(1, 0, 1));
        sent(calls, ID, "note-detail/v1", NOW, false);
        calls.sending(claimed(ID), "note-detail/v6", NOW, false, CallLimits.NONE);
        assertThat(calls.sentIn(night)).isEqualTo(new NightlyCalls(2, 0, 1));
        assertThat(calls.made(night)).isEqualTo(new NightlyCalls(3, 1, 1));
        assertThat(calls.count(night)).isEqualTo(new NightlyCalls(3, 1, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatOneNodeMeetsEndsTheCallsOfAllThatWereActive(boolean limited) {
        CallLimits limits = limited ? ALL : CallLimits.NONE;
        ApiCalls elsewhere = new ApiCalls(database.jdbc(), database.transactions(), unwritten);
        calls.stops().heedFromNow();
        elsewhere.stops().heedFromNow();
        calls.belongTo(7);

        calls.stopped(new ProviderReply(601, 200, "BALANCE", null, Billed.NO), NOW);
        calls.stopped(new ProviderReply(602, 200, "BALANCE", null, Billed.NO), NOW);

        assertThat(elsewhere.sending(claimed(ID), "note-detail/v1", NOW, false, limits))
                .isEqualTo(
                        new WrittenCall.Stopped(
                                new RunStop(601, "code 601 (BALANCE)", null, null, 7L)));
        assertThat(calls.stops().heeded(NOW)).as("this run knows it by itself").isEmpty();
        assertThat(calls.of(ID)).isEmpty();
        assertThat(calls.sentIn(Night.of(NOW))).isEqualTo(NightlyCalls.NONE);
        assertThat(database.jdbc().sql("SELECT count(*) FROM run_stop").query(Long.class).single())
                .as("once for each run")
                .isOne();
        elsewhere.stops().heedFromNow();
        assertThat(elsewhere.sending(claimed(ID), "note-detail/v1", NOW, false, limits))
                .as("of a run that begins later")
                .isInstanceOf(WrittenCall.Written.class);
    }

    @Test
    void whatTheDatabaseDidNotTakeEndsTheCallsOfAllWhenTheNextCallMeetsIt() {
        AtomicBoolean away = new AtomicBoolean(true);
        DataSource moody =
                new DelegatingDataSource(database.dataSource()) {
                    @Override
                    public Connection getConnection() throws SQLException {
                        if (away.getAndSet(false)) {
                            throw new SQLException("the database is away", "08006");
                        }
                        return super.getConnection();
                    }
                };
        ApiCalls here =
                new ApiCalls(
                        JdbcClient.create(moody), new JdbcTransactionManager(moody), unwritten);
        ProviderReply reply = new ProviderReply(303, 200, "QUOTA", null, Billed.NO);
        here.belongTo(7);

        here.stopped(reply, NOW);
        assertThat(calls.stops().heeded(NOW)).as("by other runs, while it is away").isEmpty();
        here.stopped(reply, NOW);
        here.stopped(reply, NOW);

        assertThat(calls.stops().heeded(NOW)).as("by other runs").isPresent();
        assertThat(database.jdbc().sql("SELECT count(*) FROM run_stop").query(Long.class).single())
                .as("once for each run")
                .isOne();
    }

    @Test
    void aQuotaEndsNoCallOfTheNextNight() {
        calls.stops().heedFromNow();
        ApiCalls elsewhere = new ApiCalls(database.jdbc(), database.transactions(), unwritten);
        elsewhere.belongTo(7);

        elsewhere.stopped(new ProviderReply(303, 200, "QUOTA", null, Billed.NO), NOW);

        Instant midnight = Night.of(NOW).ends();
        assertThat(
                        calls.sending(
                                claimed(ID), "note-detail/v1", midnight.minusMillis(1), false, ALL))
                .asInstanceOf(type(WrittenCall.Stopped.class))
                .extracting(stopped -> stopped.stop().holdsUntil())
                .isEqualTo(midnight);
        assertThat(calls.sending(claimed(ID), "note-detail/v1", midnight, false, ALL))
                .isInstanceOf(WrittenCall.Written.class);
    }

    @Test
    void noCallIsWrittenDownForWhoeverLostTheClaim() {
        Inquiry before = claimed(ID);
        database.jdbc().sql("UPDATE worklist SET claim_id = claim_id + 1").update();

        for (CallLimits limits : List.of(ALL, CallLimits.NONE)) {
            assertThat(calls.sending(before, "note-detail/v1", NOW, false, limits))
                    .isEqualTo(new WrittenCall.Unclaimed());
        }
        assertThat(calls.of(ID)).isEmpty();
        assertThat(calls.sentIn(Night.of(NOW))).isEqualTo(NightlyCalls.NONE);
        assertThat(
                        calls.sending(
                                new Inquiry(ID, before.claim() + 1, null),
                                "note-detail/v1",
                                NOW,
                                false,
                                ALL))
                .isInstanceOf(WrittenCall.Written.class);
    }

    private Inquiry claimed(NoteId id) {
        return Claims.of(database, id);
    }

    private static WrittenCall.Written written(WrittenCall call) {
        return (WrittenCall.Written) call;
    }

    private SentCall sent(ApiCalls calls, NoteId id, String endpoint, Instant at, boolean refresh) {
        return written(calls.sending(claimed(id), endpoint, at, refresh, ALL)).call();
    }

    private long paid(Instant at) {
        return paid(claimed(ID), at);
    }

    private long paid(Inquiry note, Instant at) {
        SentCall call = written(calls.sending(note, "note-detail/v1", at, false, ALL)).call();
        return calls.received(call, PAID, ANSWER, at, Duration.ZERO);
    }

    private void unpaid(Instant at) {
        SentCall call = sent(calls, ID, "note-detail/v1", at, false);
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
