package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.worklist.LedgerProperties;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.LocalRateLimitStore;
import io.github.notearchive.provider.NightlyCalls;
import io.github.notearchive.provider.RateLimitStore;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.provider.Settings;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.ScriptableSandbox;
import io.github.notearchive.sandbox.ScriptableSandbox.CallSeen;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asserts requests by the counter of the scripted provider. */
@Timeout(30)
class CallLedgerTests extends LedgerFixture {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final Duration WEEK = Duration.ofDays(7);

    private final ScriptableSandbox provider = ScriptableSandbox.start(ScriptableSandbox.DEFAULTS);
    private final NoteId id = new NoteId(provider.noteIds(1).getFirst());
    private final Clock clock = ((InstantSource) () -> this.now).withZone(ZoneOffset.UTC);
    private Instant now = NOW;
    private JustOneApiClient client;
    private CallLedger ledger;

    private JustOneApiClient client(RateLimitStore pace, int callsPerSecond) {
        return new JustOneApiClient(
                Settings.of(
                        "base-url", provider.baseUrl(),
                        "token", provider.token(),
                        "calls-per-second", callsPerSecond),
                Settings.ofVideos(),
                Settings.ofRefreshes(),
                calls,
                pace,
                new ResponseMemory(),
                clock);
    }

    @BeforeEach
    void startCalls() {
        client = client(new LocalRateLimitStore(), 1000);
        ledger = new CallLedger(calls, responses, client, new LedgerProperties(WEEK, true), clock);
        client.open(Night.of(NOW), NightlyCalls.NONE, _ -> {});
    }

    private NoteCapture fetch() throws InterruptedException {
        return found(ledger.fetch(claimed(id)));
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        provider.close();
    }

    @Test
    void responseIsBoughtOnceAndReusedForAWeek() throws Exception {
        NoteCapture bought = fetch();
        assertThat(history.calls(id)).singleElement().satisfies(entry -> {
            assertThat(entry.id()).isEqualTo(bought.callId());
            assertThat(entry.receivedAt()).isEqualTo(bought.capturedAt());
            assertThat(entry.billed()).isEqualTo(Billed.YES);
            assertThat(entry.responseHeld()).as("durable before its use").isTrue();
        });

        now = NOW.plus(WEEK);
        assertThat(fetch()).usingRecursiveComparison().isEqualTo(bought);
        assertThat(bought.response()).isEqualTo(provider.responseBytes(id.value()));
        assertThat(provider.calls()).isEqualTo(1);

        now = NOW.plus(WEEK).plusMillis(1);
        assertThat(fetch().callId()).isGreaterThan(bought.callId());
        assertThat(provider.calls()).isEqualTo(2);
    }

    @Test
    void threeNodesKeepTheRateInEverySecondAfterALock() throws Exception {
        int rate = 5;
        List<JustOneApiClient> nodes = Stream.generate(
                        () -> client(new PostgresRateLimitStore(database.transactions()), rate))
                .limit(3)
                .toList();
        nodes.forEach(node -> node.open(Night.of(NOW), NightlyCalls.NONE, _ -> {}));
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<FetchRequest> notes = provider.noteIds(15).stream()
                    .map(NoteId::new)
                    .map(this::claimed)
                    .toList();
            database.whileLocked("LOCK TABLE api_call", () -> {
                for (int i = 0; i < 15; i++) {
                    JustOneApiClient client = nodes.get(i % 3);
                    FetchRequest note = notes.get(i);
                    callers.submit(() -> client.fetch(CallKind.NOTE, note, Instant.MIN));
                }
                // one statement writes the calls that are about to be sent, two of each node; the others wait behind it
                database.awaitLocked(1);
                return notes;
            });
        } finally {
            nodes.forEach(JustOneApiClient::close);
        }

        List<Instant> order =
                provider.callsSeen().stream().map(CallSeen::at).sorted().toList();
        assertThat(order).hasSize(15);
        for (int i = rate; i < order.size(); i++) {
            // a tenth of a second for network latency
            assertThat(Duration.between(order.get(i - rate), order.get(i))).isGreaterThan(Duration.ofMillis(900));
        }
    }

    @Test
    void detailAndVideoResponsesAreNotMixedUp() throws Exception {
        NoteId id = new NoteId(provider.noteIds(SandboxNoteKind.VIDEO_COVER, 1).getFirst());
        NoteCapture detail = found(ledger.fetch(claimed(id)));

        NoteCapture video = found(ledger.fetchVideo(claimed(detail.id()), detail));
        NoteCapture again = found(ledger.fetchVideo(claimed(detail.id()), detail));

        assertThat(again.callId()).isEqualTo(video.callId()).isGreaterThan(detail.callId());
        assertThat(again.response()).isEqualTo(provider.videoResponseBytes(id.value()));
        assertThat(found(ledger.fetch(claimed(id))).callId()).isEqualTo(detail.callId());
        assertThat(ledger.fresh(id, Endpoint.DETAIL).orElseThrow().callId()).isEqualTo(detail.callId());
        assertThat(ledger.held(id, Endpoint.DETAIL).orElseThrow().callId()).isEqualTo(detail.callId());
        assertThat(ledger.fresh(id, Endpoint.VIDEO).orElseThrow().callId()).isEqualTo(video.callId());
        assertThat(ledger.heldVideo(detail).orElseThrow().callId()).isEqualTo(video.callId());
        assertThat(totals.made(Night.of(NOW)).all()).isEqualTo(2);
        assertThat(totals.in(Night.of(NOW), CallTotals.CallPurpose.VIDEO)).isEqualTo(new CallTotals.Bill(1, 1, 0));
        assertThat(provider.calls()).isOne();
        assertThat(provider.videoCalls()).isOne();

        responses.markUrlsExpired(video.callId(), NOW);
        now = NOW.plus(Duration.ofDays(1));
        assertThat(ledger.fresh(id, Endpoint.VIDEO)).isEmpty();
        assertThat(ledger.fresh(id, Endpoint.DETAIL))
                .as("URLs of the detail response")
                .isPresent();
        found(ledger.fetchVideo(claimed(detail.id()), detail));
        found(ledger.fetch(claimed(id)));
        assertThat(provider.videoCalls()).isEqualTo(2);
        assertThat(provider.calls()).isOne();
    }

    @Test
    void storedResponseIsUsedAfterCallsHaveEnded() throws Exception {
        ledger.fetch(claimed(id));
        client.end("quota met");

        assertThat(ledger.fetch(claimed(id))).isInstanceOf(Found.class);
        NoteId other = new NoteId(provider.noteIds(2).getLast());
        assertThatThrownBy(() -> ledger.fetch(claimed(other))).isInstanceOf(CallsEndedException.class);
        assertThat(provider.calls()).isEqualTo(1);
    }

    /** A response without the note is used in its night; a "not found" also later, until a decision was based on it. */
    @ParameterizedTest
    @CsvSource({
        "0,   false, ,    2", // another night has to confirm it
        "201, true,  0,   2",
        "201, true,  ,    1",
        "201, true,  -1,  1"
    })
    void responseWithoutTheNoteIsReusedUntilItIsDecided(
            int code, boolean certain, @Nullable Integer decidedAfter, int callsInTwoNights) throws Exception {
        provider.script().always(id.value(), Reply.json("{\"code\":%d,\"data\":[]}".formatted(code)));

        Missing first = (Missing) ledger.fetch(claimed(id));
        now = Night.of(NOW).ends().minusMillis(1);
        Missing again = (Missing) ledger.fetch(claimed(id));

        assertThat(List.of(first.certain(), again.certain())).containsOnly(certain);
        assertThat(again.reply().billed()).isEqualTo(Billed.YES);
        assertThat(provider.calls()).isEqualTo(1);

        now = Night.of(NOW).ends();
        Instant settledAt = decidedAfter == null ? null : NOW.plusSeconds(decidedAfter);
        Missing next = (Missing) ledger.fetch(new FetchRequest(id, claimed(id).claim(), true, settledAt));
        assertThat(next.certain()).isEqualTo(certain);
        assertThat(provider.calls()).isEqualTo(callsInTwoNights);
    }

    @Test
    void responseWithoutItsNoteConfirmsLaterOnesAndHidesNoOlderOne() throws Exception {
        NoteCapture bought = fetch();
        provider.script().always(id.value(), Reply.json("{\"code\":0,\"data\":[]}"));
        now = NOW.plus(Duration.ofDays(1));
        ledger.refresh(claimed(id), now);
        Night tonight = Night.current(clock);

        assertThat(ledger.wasMissingBefore(id, Endpoint.DETAIL, tonight)).isFalse();
        assertThat(ledger.wasMissingBefore(id, Endpoint.DETAIL, Night.of(tonight.ends())))
                .as("after midnight")
                .isFalse();
        now = tonight.ends();
        ledger.refresh(claimed(id), now);
        assertThat(ledger.wasMissingBefore(id, Endpoint.DETAIL, Night.current(clock)))
                .isTrue();
        assertThat(ledger.fresh(id, Endpoint.DETAIL).orElseThrow().callId()).isEqualTo(bought.callId());
    }

    /**
     * Recent is a response of this night, of the hour before, and one that was received before the clock was set back.
     */
    @ParameterizedTest
    @CsvSource({
        "2026-11-25T14:00:00Z, 2026-11-25T15:59:59.999Z, 1",
        "2026-11-25T14:00:00Z, 2026-11-25T16:00:00Z,     2",
        "2026-11-25T15:59:50Z, 2026-11-24T15:59:59Z,     1",
        "2026-11-25T15:59:50Z, 2026-11-25T16:00:10Z,     1",
        "2026-11-25T15:59:50Z, 2026-11-25T17:00:00Z,     2"
    })
    void responseWithExpiredUrlsIsBoughtAgainUnlessItIsRecent(Instant boughtAt, Instant fetchedAt, int calls)
            throws Exception {
        now = boughtAt;
        NoteCapture bought = fetch();
        responses.markUrlsExpired(bought.callId(), now);

        now = fetchedAt;
        NoteCapture second = fetch();

        assertThat(second.callId() > bought.callId()).isEqualTo(calls == 2);
        assertThat(fetch().callId()).isEqualTo(second.callId());
        assertThat(provider.calls()).isEqualTo(calls);
    }

    @Test
    void heldReturnsTheNewestResponseWithItsNoteOfAnyAgeWithoutACall() throws Exception {
        provider.script().answers(id.value(), Reply.normal(), Reply.json("{\"code\":0,\"data\":[]}"));
        assertThat(ledger.held(id, Endpoint.DETAIL)).isEmpty();
        NoteCapture bought = fetch();
        responses.markUrlsExpired(bought.callId(), NOW);
        now = Night.of(NOW).ends();
        assertThat(ledger.fetch(claimed(id))).isInstanceOf(Missing.class);

        now = NOW.plus(Duration.ofDays(400));

        assertThat(ledger.held(id, Endpoint.DETAIL).orElseThrow().callId()).isEqualTo(bought.callId());
        assertThat(provider.calls()).isEqualTo(2);
    }

    private static NoteCapture found(FetchOutcome outcome) {
        assertThat(outcome).isInstanceOf(Found.class);
        return ((Found) outcome).capture();
    }
}
