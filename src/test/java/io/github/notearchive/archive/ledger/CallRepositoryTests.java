package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.github.notearchive.RecordedPlans;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.CallTotals.CallPurpose;
import io.github.notearchive.archive.query.NoteStats;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallRecorder.CallAdmission;
import io.github.notearchive.provider.CallRecorder.CallAdmission.StopNotice;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.NightlyLimits;
import io.github.notearchive.provider.NoteSourceProperties.CallPrices;
import io.github.notearchive.provider.ProviderReply;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallRepositoryTests extends LedgerFixture {

    @Test
    void callIsBlockedByAnOutstandingCallOfAnotherNode() {
        CallRepository east = east();
        CallRecord first = sent(east);
        Instant soon = NOW.plusSeconds(600);

        assertThat(sending(calls, soon, ALL)).isEqualTo(new Outstanding(first.number(), 4711, NOW));
        assertThat(sending(calls, soon, NightlyLimits.NONE)).isInstanceOf(Outstanding.class);
        assertThat(calls.sentIn(Night.of(NOW)).all())
                .as("the blocked call is not counted")
                .isOne();
        assertThat(calls.sending(claimed(ID), CallKind.VIDEO, soon, ALL))
                .as("of another endpoint")
                .isInstanceOf(CallAdmission.WrittenCall.class);

        east.received(first, PAID, BODY, soon, Duration.ZERO);
        assertWritten(sending(calls, soon, ALL));
    }

    @Test
    void outstandingCallBlocksForADayOrUntilItsNodeRecovers() {
        CallRepository east = east();
        sent(east);
        Instant soon = NOW.plusSeconds(600);
        NoteId other = new NoteId("66aa00000000000000000002");
        sent(east, claimed(other), CallKind.NOTE, NOW);

        Instant nextDay = NOW.plus(Duration.ofDays(1));
        assertThat(calls.sending(claimed(other), CallKind.NOTE, nextDay, ALL))
                .isInstanceOf(CallAdmission.WrittenCall.class);
        assertThat(calls.recover("west", soon)).isEmpty();
        assertThat(sending(calls, soon, ALL)).isInstanceOf(Outstanding.class);

        assertThat(calls.recover("east", soon)).containsExactlyInAnyOrder(ID, other);
        assertThat(calls.recover("east", soon)).isEmpty();
        assertWritten(sending(calls, soon, ALL));
    }

    /** Returns a node with the execution 4711. */
    private CallRepository east() {
        database.update("""
                        WITH instance AS (
                            INSERT INTO batch_job_instance (job_instance_id, version, job_name, job_key)
                            VALUES (4711, 0, 'archiveNotes', '4711')
                            ON CONFLICT DO NOTHING RETURNING job_instance_id),
                        execution AS (
                            INSERT INTO batch_job_execution
                                (job_execution_id, version, job_instance_id, create_time, start_time, status)
                            SELECT 4711, 0, job_instance_id, now(), now(), 'STARTED' FROM instance RETURNING job_execution_id)
                        INSERT INTO batch_job_execution_params
                            (job_execution_id, parameter_name, parameter_type, parameter_value, identifying)
                        SELECT job_execution_id, 'node', 'java.lang.String', 'east', 'Y' FROM execution
                        """);
        CallRepository east = ofAnotherNode();
        east.startExecution(4711, () -> false);
        return east;
    }

    @Test
    void callIsDurableBeforeItIsSentWithUnknownBilling() {
        calls.startExecution(7, () -> false);

        CallRecord call = sent(calls);

        assertThat(history.calls(ID)).hasSize(1);
        assertThat(entry())
                .hasAllNullFieldsOrPropertiesExcept(
                        "id", "endpoint", "sentAt", "billed", "jobExecutionId", "responseHeld", "refresh")
                .extracting("id", "endpoint", "sentAt", "billed", "jobExecutionId", "responseHeld", "refresh")
                .containsExactly(call.number(), "note-detail/v1", NOW, Billed.UNKNOWN, 7L, false, false);
    }

    @Test
    void entriesSurviveARollbackOfTheCaller() {
        FetchRequest note = claimed(ID);
        assertThatThrownBy(() -> database.inTransaction(() -> {
                    paid(note, NOW);
                    throw new IllegalStateException("rolled back");
                }))
                .hasMessage("rolled back");

        assertThat(history.calls(ID)).singleElement().matches(NoteStats.CallEntry::responseHeld);
    }

    @Test
    void responseIsWrittenIntoTheRowOfItsCall() {
        Duration duration = Duration.ofMillis(50_400);

        calls.received(
                sent(calls),
                new ProviderReply(301, 503, "COLLECT FAILED", null, Billed.NO),
                null,
                NOW.plus(duration),
                duration);

        assertThat(entry())
                .extracting("receivedAt", "durationMs", "httpStatus", "code", "billed", "message", "responseHeld")
                .containsExactly(NOW.plus(duration), 50_400, 503, 301, Billed.NO, "COLLECT FAILED", false);
        assertThat(responses.latestPaid(ID, Endpoint.DETAIL, Instant.EPOCH)).isEmpty();

        ProviderReply fault = new ProviderReply(null, null, "reset", null, Billed.UNKNOWN);
        calls.received(sent(calls), fault, null, NOW, Duration.ofDays(99));
        assertThat(history.calls(ID).getLast())
                .extracting("code", "httpStatus", "billed", "durationMs")
                .containsExactly(null, null, Billed.UNKNOWN, Integer.MAX_VALUE);
    }

    @Test
    void unsentCallIsDeletedUnlessItHasAResponse() {
        CallRecord left = sent(calls);
        calls.notSent(left, ALL);
        assertThat(history.calls(ID)).isEmpty();

        CallRecord answered = sent(calls);
        calls.received(answered, PAID, BODY, NOW, Duration.ZERO);
        calls.notSent(answered, ALL);
        assertThat(history.calls(ID)).hasSize(1);
    }

    @Test
    void concurrentNodesShareTheLimitsOfANight() throws Exception {
        Night night = Night.of(NOW);
        NightlyLimits limits = limits(20, 5, 3);
        CallRepository elsewhere = ofAnotherNode();
        FetchRequest note = claimed(ID);
        List<Callable<Long>> nodes = new ArrayList<>();
        for (CallRepository node : List.of(calls, elsewhere, calls, elsewhere)) {
            nodes.add(() -> sendMany(node, note, CallKind.VIDEO, limits));
            nodes.add(() -> sendMany(node, note, CallKind.REFRESH, limits));
        }

        assertThat(sum(nodes)).isEqualTo(5 + 3);
        assertThat(calls.sentIn(night)).isEqualTo(made(8, 5, 3));
        assertThat(sum(List.of(
                        () -> sendMany(calls, note, CallKind.NOTE, limits),
                        () -> sendMany(elsewhere, note, CallKind.NOTE, limits))))
                .isEqualTo(12);
        assertThat(calls.sentIn(night)).isEqualTo(made(20, 5, 3));
        assertThat(history.calls(ID)).hasSize(20);
        assertThat(written(sending(calls, night.ends(), limits)).tonight())
                .as("next night")
                .isEqualTo(made(1, 0, 0));
    }

    @Test
    void unsentCallIsNotCountedAndARestartedNightIsCountedFromTheLedger() {
        Night night = Night.of(NOW);
        CallRecord video = sent(ID, CallKind.VIDEO, NOW);
        CallRecord refresh = sent(ID, CallKind.REFRESH, NOW);
        paid(NOW);
        assertThat(calls.sentIn(night)).isEqualTo(made(3, 1, 1));

        calls.notSent(video, ALL);
        calls.notSent(video, ALL);

        assertThat(calls.sentIn(night)).isEqualTo(made(2, 0, 1));
        calls.notSent(refresh, ALL);
        assertThat(calls.sentIn(night)).isEqualTo(made(1, 0, 0));
        assertThat(calls.count(night)).isEqualTo(made(1, 0, 0));

        database.update("TRUNCATE nightly_calls");
        assertThat(calls.sentIn(night)).isEqualTo(NightlyCalls.NONE);
        assertThat(calls.count(night)).isEqualTo(made(1, 0, 0));
    }

    @Test
    void findsBilledResponsesSinceATime() {
        sent(ID, CallKind.NOTE, NOW.plusSeconds(60));
        assertThat(calls.hasBilledSince(NOW)).isFalse();

        paid(NOW);

        assertThat(calls.hasBilledSince(NOW)).isTrue();
        assertThat(calls.hasBilledSince(NOW.plusSeconds(1))).isFalse();
    }

    @Test
    void callWithoutALimitIsNeitherCountedNorReturned() throws Exception {
        Night night = Night.of(NOW);
        NightlyLimits ofRefreshes = limits(0, 0, 5);

        CallRecord note = written(sending(calls, NOW, ofRefreshes)).call();
        assertThat(calls.sentIn(night)).isEqualTo(NightlyCalls.NONE);
        assertThat(written(calls.sending(claimed(ID), CallKind.REFRESH, NOW, ofRefreshes))
                        .tonight())
                .isEqualTo(made(1, 0, 1));

        calls.notSent(note, ofRefreshes);
        assertThat(calls.sentIn(night)).isEqualTo(made(1, 0, 1));
        sent(calls);
        assertWritten(database.whileLocked(
                "SELECT FROM nightly_calls FOR UPDATE",
                () -> calls.sending(claimed(ID), CallKind.VIDEO, NOW, NightlyLimits.NONE)));
        assertThat(calls.sentIn(night)).isEqualTo(made(2, 0, 1));
        assertThat(totals.made(night)).isEqualTo(made(3, 1, 1));
        assertThat(calls.count(night)).isEqualTo(made(3, 1, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stopNoticeEndsTheCallsOfAllActiveNodes(boolean limited) {
        NightlyLimits limits = limited ? ALL : NightlyLimits.NONE;
        CallRepository elsewhere = ofAnotherNode();
        calls.stops().observeFromNow();
        elsewhere.stops().observeFromNow();
        calls.startExecution(7, () -> false);

        calls.stopped(new ProviderReply(601, 200, "BALANCE", null, Billed.NO), NOW);
        calls.stopped(new ProviderReply(602, 200, "BALANCE", null, Billed.NO), NOW);

        assertThat(sending(elsewhere, NOW, limits))
                .isEqualTo(new StopNotice(601, "code 601 (BALANCE)", null, null, 7L));
        assertThat(calls.stops().observed(NOW)).as("own notice").isEmpty();
        assertThat(history.calls(ID)).isEmpty();
        assertThat(calls.sentIn(Night.of(NOW))).isEqualTo(NightlyCalls.NONE);
        assertThat(stops()).as("once per run").isOne();
        elsewhere.stops().observeFromNow();
        assertThat(sending(elsewhere, NOW, limits))
                .as("run that starts later")
                .isInstanceOf(CallAdmission.WrittenCall.class);
    }

    @Test
    void failedStopNoticeIsWrittenByTheNextCall() {
        Away away = new Away(database.dataSource(), 1);
        CallRepository here = over(away);
        away.begin();
        ProviderReply reply = new ProviderReply(303, 200, "QUOTA", null, Billed.NO);
        here.startExecution(7, () -> false);

        here.stopped(reply, NOW);
        assertThat(calls.stops().observed(NOW))
                .as("other runs, during the outage")
                .isEmpty();
        here.stopped(reply, NOW);
        here.stopped(reply, NOW);

        assertThat(calls.stops().observed(NOW)).as("other runs").isPresent();
        assertThat(stops()).as("once per run").isOne();
    }

    @Test
    void quotaNoticeDoesNotEndCallsOfTheNextNight() {
        calls.stops().observeFromNow();
        CallRepository elsewhere = ofAnotherNode();
        elsewhere.startExecution(7, () -> false);

        elsewhere.stopped(new ProviderReply(303, 200, "QUOTA", null, Billed.NO), NOW);

        Instant midnight = Night.of(NOW).ends();
        assertThat(sending(calls, midnight.minusMillis(1), ALL))
                .asInstanceOf(type(StopNotice.class))
                .extracting(StopNotice::holdsUntil)
                .isEqualTo(midnight);
        assertWritten(sending(calls, midnight, ALL));
    }

    @Test
    void callIsNotRecordedAfterTheClaimIsLost() {
        FetchRequest before = claimed(ID);
        database.update("UPDATE worklist SET claim_id = claim_id + 1");

        for (NightlyLimits limits : List.of(ALL, NightlyLimits.NONE)) {
            assertThat(calls.sending(before, CallKind.NOTE, NOW, limits)).isEqualTo(new Unclaimed());
        }
        assertThat(history.calls(ID)).isEmpty();
        assertThat(calls.sentIn(Night.of(NOW))).isEqualTo(NightlyCalls.NONE);
        assertThat(calls.sending(new FetchRequest(ID, before.claim() + 1, true, null), CallKind.NOTE, NOW, ALL))
                .isInstanceOf(CallAdmission.WrittenCall.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void concurrentCallsAreDurableWhenTheyMayBeSent(boolean limited) throws Exception {
        NightlyLimits limits = limited ? ALL : NightlyLimits.NONE;

        List<Future<Long>> found = inGroups(claimed(32).stream().map(note -> () -> {
            CallRecord call =
                    written(calls.sending(note, CallKind.NOTE, NOW, limits)).call();
            // the provider looks, over another connection
            return database.count(
                    "SELECT count(*) FROM api_call WHERE id = ? AND note_id = ?",
                    call.number(),
                    call.id().value());
        }));

        assertThat(found).extracting(Future::get).containsOnly(1L);
        assertThat(database.count("SELECT count(DISTINCT xmin::text) FROM api_call"))
                .isBetween(1L, 2L);
        assertThat(calls.sentIn(Night.of(NOW)).all()).isEqualTo(limited ? 32 : 0);
    }

    @Test
    void limitWithinAGroupIsReachedExactly() throws Exception {
        NightlyLimits limits = limits(10, 4, 0);
        List<FetchRequest> notes = claimed(33);

        List<Future<CallAdmission>> results = inGroups(IntStream.range(0, 33)
                .mapToObj(i ->
                        () -> calls.sending(notes.get(i), i % 3 == 0 ? CallKind.VIDEO : CallKind.NOTE, NOW, limits)));

        assertThat(results)
                .extracting(Future::get)
                .haveExactly(10, new Condition<>(CallAdmission.WrittenCall.class::isInstance, "written"))
                .haveExactly(23, new Condition<>(CallAdmission.OverLimit.class::isInstance, "over the limit"));
        NightlyCalls made = calls.sentIn(Night.of(NOW));
        assertThat(made.all()).isEqualTo(10);
        assertThat(made.videos()).isLessThanOrEqualTo(4);
        assertThat(totals.made(Night.of(NOW))).isEqualTo(made);
    }

    @Test
    void costIsNeverExceededByConcurrentNodes() throws Exception {
        NightlyLimits limits = ofCost("2.00", "0.15", "0.40");
        CallRepository elsewhere = ofAnotherNode();
        List<FetchRequest> notes = claimed(60);

        List<Future<CallAdmission>> results = inGroups(IntStream.range(0, 60)
                .mapToObj(i -> () -> (i % 2 == 0 ? calls : elsewhere)
                        .sending(notes.get(i), i % 3 == 0 ? CallKind.VIDEO : CallKind.NOTE, NOW, limits)));

        NightlyCalls made = calls.sentIn(Night.of(NOW));
        assertThat(results)
                .extracting(Future::get)
                .haveExactly((int) made.all(), new Condition<>(CallAdmission.WrittenCall.class::isInstance, "written"));
        assertThat(totals.made(Night.of(NOW))).isEqualTo(made);
        assertThat(limits.spent(made)).isBetween(new BigDecimal("1.86"), new BigDecimal("2.00"));
    }

    @Test
    void callsThatAreNotBilledLeaveTheirPriceAndUnknownOnesDoNot() {
        NightlyLimits limits = ofCost("0.45", "0.15", "0.15");
        List<CallRecord> sent = claimed(3).stream()
                .map(note ->
                        written(calls.sending(note, CallKind.NOTE, NOW, limits)).call())
                .toList();
        calls.received(sent.get(0), PAID, BODY, NOW, Duration.ZERO);
        assertThat(sending(calls, NOW, limits)).as("two in flight").isInstanceOf(CallAdmission.OverLimit.class);

        for (int i = 0; i < 2; i++) { // a response may be written again
            calls.received(sent.get(1), new ProviderReply(301, 200, null, null, Billed.NO), null, NOW, Duration.ZERO);
        }
        calls.received(sent.get(2), new ProviderReply(500, 200, null, null, Billed.UNKNOWN), null, NOW, Duration.ZERO);

        assertWritten(sending(calls, NOW, limits));
        assertThat(calls.sending(claimed(4).getLast(), CallKind.NOTE, NOW, limits))
                .isEqualTo(new CallAdmission.OverLimit(new NightlyCalls(4, 0, 0, 1, 0)));
        assertThat(totals.made(Night.of(NOW))).isEqualTo(new NightlyCalls(4, 0, 0, 1, 0));
    }

    private static NightlyCalls made(long all, long videos, long refreshes) {
        return new NightlyCalls(all, videos, refreshes, 0, 0);
    }

    private static NightlyLimits ofCost(String cost, String note, String video) {
        CallPrices prices = new CallPrices(new BigDecimal(note), new BigDecimal(video), Currency.getInstance("CNY"));
        return new NightlyLimits(NightlyCalls.NONE, new BigDecimal(cost), prices);
    }

    @Test
    void lostClaimInAGroupConcernsItsOwnCallOnly() throws Exception {
        List<FetchRequest> notes = new ArrayList<>(claimed(32));
        FetchRequest lost = notes.get(20);
        notes.set(20, new FetchRequest(lost.id(), lost.claim() - 1, true, null));

        List<Future<CallAdmission>> results =
                inGroups(notes.stream().map(note -> () -> calls.sending(note, CallKind.NOTE, NOW, ALL)));

        for (int i = 0; i < 32; i++) {
            NoteId id = notes.get(i).id();
            assertThat(results.get(i).get())
                    .matches(result -> result instanceof CallAdmission.WrittenCall written
                            ? written.call().id().equals(id) && !id.equals(lost.id())
                            : result.equals(new Unclaimed()) && id.equals(lost.id()));
        }
        assertThat(calls.sentIn(Night.of(NOW)).all()).isEqualTo(31);
        assertThat(history.calls(lost.id())).isEmpty();
    }

    @Test
    void callsOfAGroupAreCountedInTheirNights() throws Exception {
        Night night = Night.of(NOW);
        List<FetchRequest> notes = claimed(9);
        List<Instant> times = IntStream.range(0, 9)
                .mapToObj(i -> i % 2 == 0 ? night.ends() : NOW)
                .toList();

        List<Future<CallAdmission>> results = inGroups(IntStream.range(0, 9)
                .mapToObj(i -> () -> calls.sending(notes.get(i), CallKind.NOTE, times.get(i), ALL)));

        assertThat(results)
                .extracting(result -> written(result.get()).call().sentAt())
                .isEqualTo(times);
        assertThat(calls.sentIn(night).all()).isEqualTo(4);
        assertThat(calls.sentIn(Night.of(night.ends())).all()).isEqualTo(5);
        assertThat(database.count("""
                SELECT count(*) FROM api_call a JOIN api_call b ON a.id < b.id AND a.sent_at > b.sent_at AND a.xmin = b.xmin
                """)).as("numbers in the order of sending").isZero();
    }

    @Test
    void callsAreCountedByTheNightTheyWereSent() {
        Night night = Night.of(NOW);
        calls.startExecution(1, () -> false);
        paid(night.begins());
        paid(night.ends().minusMillis(1));
        calls.startExecution(2, () -> false);
        unpaid(night.begins());
        paid(night.ends());
        paid(night.begins().minusMillis(1));
        sent(ID, CallKind.NOTE, night.begins());

        assertThat(calls.sentIn(night)).isEqualTo(made(4, 0, 0));
        assertThat(totals.countsIn(night))
                .extracting(CallTotals.CallCount::code, CallTotals.CallCount::billed, CallTotals.CallCount::calls)
                .containsExactly(tuple(0, Billed.YES, 2L), tuple(301, Billed.NO, 1L), tuple(null, Billed.UNKNOWN, 1L));
        assertThat(totals.of(1, CallPurpose.ALL)).isEqualTo(new CallTotals.Bill(2, 2, 0));
        assertThat(totals.of(2, CallPurpose.ALL)).isEqualTo(new CallTotals.Bill(4, 2, 1));
        assertThat(totals.of(99, CallPurpose.ALL)).isEqualTo(CallTotals.Bill.NONE);
    }

    private static long sum(List<Callable<Long>> nodes) throws Exception {
        long sum = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(nodes.size())) {
            for (Future<Long> sent : threads.invokeAll(nodes)) {
                sum += sent.get();
            }
        }
        return sum;
    }

    private static long sendMany(CallRepository node, FetchRequest note, CallKind kind, NightlyLimits limits) {
        return IntStream.range(0, 15)
                .filter(_ -> node.sending(note, kind, NOW, limits) instanceof CallAdmission.WrittenCall)
                .count();
    }

    private static CallAdmission.WrittenCall written(CallAdmission call) {
        return (CallAdmission.WrittenCall) call;
    }

    /** Cost beside calls of earlier nights. */
    @ParameterizedTest
    @ValueSource(ints = {2_000, 200_000})
    void callsAndResponsesReadIndexesOnly(int rows) throws Exception {
        database.update("""
                        INSERT INTO worklist (note_id, due_at, enqueued_at)
                        SELECT '66cc' || lpad(to_hex(n), 20, '0'), now(), now() FROM generate_series(1, ?) AS n
                        """, rows);
        database.update("""
                        INSERT INTO api_call (note_id, endpoint, sent_at, received_at, code, billed)
                        SELECT note_id, 'note-detail/v1', now(), now(), 0, 'YES' FROM worklist
                        """);
        database.update("VACUUM ANALYZE worklist, api_call");
        RecordedPlans recorded = new RecordedPlans(database);
        CallRepository node = over(recorded);

        received(node, sent(node));
        String call = recorded.planOf("WITH wanted");
        String response = recorded.planOf("UPDATE api_call");

        assertThat(call).contains("worklist_pkey", "api_call_note", "nightly_calls");
        assertThat(response).contains("api_call_pkey");
        for (String plan : new String[] {call, response}) {
            assertThat(plan).doesNotContain("Seq Scan on worklist", "Seq Scan on api_call");
        }
    }
}
