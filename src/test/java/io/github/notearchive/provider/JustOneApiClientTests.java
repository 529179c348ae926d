package io.github.notearchive.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Deferred.DeferralCause;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class JustOneApiClientTests extends ClientFixture {

    private static final Instant MIDNIGHT = Instant.parse("2026-11-25T16:00:00Z");
    private static final String FOUND =
            "{\"code\":0,\"requestId\":\"r-1\",\"data\":[{\"note_list\":[{\"id\":\"" + ID + "\",\"title\":\"好\"}]}]}";
    private static final NoteId OTHER_ID = new NoteId("66aa00000000000000000002");
    private static final FetchRequest OTHER_NOTE = new FetchRequest(OTHER_ID, 1, true, null);
    private static final String OTHER = FOUND.replace(ID.value(), OTHER_ID.value());

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void close() {
        threads.shutdownNow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fetchIsOneRequestWhoseExactResponseIsTheCapture(boolean isCompressed) throws Exception {
        provider.replies(isCompressed ? ScriptedServer.gzipped(bytes(FOUND)) : ScriptedServer.reply(200, bytes(FOUND)));

        NoteCapture capture = ((Found) fetch(client("token", "s3cret +/&="), NOTE)).capture();
        CallRecorderFixture.Received received = recorder.received.getFirst();

        assertThat(provider.lines())
                .containsExactly("GET /api/xiaohongshu/get-note-detail/v1?token=s3cret%20%2B%2F%26%3D&noteId=" + ID
                        + " HTTP/1.1");
        assertThat(capture)
                .returns(ID, NoteCapture::id)
                .returns(1L, NoteCapture::callId)
                .returns(NOW, NoteCapture::capturedAt);
        assertThat(capture.response()).isEqualTo(bytes(FOUND)).isEqualTo(received.response());
        assertThat(capture.note().path("title").stringValue()).isEqualTo("好");
        assertThat(received.at()).isEqualTo(NOW);
        assertThat(received.reply()).isEqualTo(new ProviderReply(0, 200, null, "r-1", Billed.YES));
    }

    @Test
    void callIsRecordedBeforeItIsSentAndResponseBeforeItIsUsed() throws Exception {
        List<String> whenSending = new ArrayList<>();
        List<String> whenRequested = new ArrayList<>();
        recorder.whileSending = () -> whenSending.addAll(provider.lines());
        provider.replies((socket, out) -> {
            whenRequested.addAll(recorder.events);
            return ScriptedServer.reply(200, bytes(FOUND)).write(socket, out);
        });

        fetch(client(), NOTE);

        assertThat(whenSending).isEmpty();
        assertThat(whenRequested).containsExactly("sending 1");
        assertThat(recorder.events).containsExactly("sending 1", "received 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "201   | 200 | Missing certain         | YES     | true",
                "202   | 200 | Missing certain         | UNKNOWN | false",
                "404   | 404 | Missing certain         | UNKNOWN | false",
                "0     | 200 | Missing                 | YES     | true",
                "301   | 200 | Deferred NOT_COLLECTED  | NO      | false",
                "301   | 503 | Deferred NOT_COLLECTED  | NO      | false",
                "302   | 429 | Deferred THROTTLED      | NO      | false",
                "302   | 200 | Deferred THROTTLED      | NO      | false",
                "500   | 500 | Deferred FAULT          | UNKNOWN | false",
                "503   | 503 | Deferred FAULT          | UNKNOWN | false",
                "101   | 200 | Deferred NOT_COLLECTED  | UNKNOWN | false",
                "777   | 200 | Deferred NOT_COLLECTED  | UNKNOWN | false",
                "400   | 400 | Rejected                | NO      | false",
                "100   | 401 | Blocked                 | NO      | false",
                "600   | 403 | Blocked                 | NO      | false",
                "601   | 200 | Blocked                 | NO      | false",
                "602   | 200 | Blocked                 | NO      | false",
                "303   | 200 | Exhausted PROVIDER      | NO      | false",
                "303   | 429 | Exhausted PROVIDER      | NO      | false",
            })
    void codeDeterminesOutcomeAndPriceOfOneRequest(
            int code, int status, String outcome, Billed billed, boolean isStored) throws Exception {
        provider.replies(status, "{\"code\":\"" + code + "\",\"message\":\"m\"}");
        JustOneApiClient client = client();

        assertThat(describe(fetch(client, NOTE))).isEqualTo(outcome);

        ProviderReply reply = recorder.received.getFirst().reply();
        String message = code == 0 ? "success without the note: data is empty" : "m";
        assertThat(reply).isEqualTo(new ProviderReply(code, status, message, null, billed));
        assertThat(recorder.received.getFirst().response() != null).isEqualTo(isStored);
        assertThat(provider.lines()).hasSize(1);
        if (outcome.startsWith("Blocked") || outcome.startsWith("Exhausted")) {
            assertThat(recorder.events).containsExactly("sending 1", "stopped " + code, "received 1");
            assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
        }
    }

    private static String describe(FetchOutcome outcome) {
        return switch (outcome) {
            case Missing(var _, var certain) -> certain ? "Missing certain" : "Missing";
            case Deferred(var _, var cause) -> "Deferred " + cause;
            case Exhausted(var _, var limit, var _) -> "Exhausted " + (limit == null ? "PROVIDER" : limit);
            default -> outcome.getClass().getSimpleName();
        };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP 500  | 500 | FAULT     | UNKNOWN | the response is not the provider's envelope",
                "HTTP 502  | 502 | FAULT     | UNKNOWN | the response is not the provider's envelope",
                "HTTP 302  | 302 | FAULT     | UNKNOWN | the response is not the provider's envelope",
                "HTTP 429  | 429 | THROTTLED | NO      | the response is not the provider's envelope",
                "reset     |     | FAULT     | UNKNOWN | ''",
                "truncated |     | FAULT     | UNKNOWN | ''",
                "refused   |     | FAULT     | NO      | HttpHostConnectException: Connect to",
                "drip      |     | FAULT     | UNKNOWN | no complete response within",
                "silence   |     | FAULT     | UNKNOWN | no complete response within"
            })
    void requestWithoutEnvelopeIsNotRepeatedAndMayHaveBeenBilledIfItWasSent(
            String fault, @Nullable Integer status, DeferralCause cause, Billed billed, String message)
            throws Exception {
        String head = "HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n";
        if (fault.equals("refused")) {
            provider.close();
        }
        provider.replies(
                switch (fault) {
                    case "reset" -> ScriptedServer.reset();
                    case "truncated" -> ScriptedServer.cutShort(head + FOUND);
                    case "drip" -> provider.drip(head, " ");
                    case "silence", "refused" -> provider.silence();
                    default ->
                        ScriptedServer.reply(
                                status, bytes("<html>bad gateway</html>"), "Location: /elsewhere", "Retry-After: 0");
                });

        Deferred deferred = (Deferred) fetch(client("response-timeout", "300ms"), NOTE);

        assertThat(deferred.cause()).isEqualTo(cause);
        assertThat(deferred.reply())
                .returns(null, ProviderReply::code)
                .returns(status, ProviderReply::httpStatus)
                .returns(billed, ProviderReply::billed);
        assertThat(deferred.reply().message()).startsWith(message);
        assertThat(provider.lines()).hasSize(fault.equals("refused") ? 0 : 1);
        assertThat(recorder.events).containsExactly("sending 1", "received 1");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-25T15:59:00Z,  0, false, Exhausted PROVIDER, 2026-11-25T16:00:00Z",
        "2026-11-25T15:59:00Z, -5, false, Exhausted PROVIDER, 2026-11-25T16:00:05Z",
        "2026-11-25T17:00:00Z,  0, false, Exhausted PROVIDER, 2026-11-26T16:00:00Z",
        "2026-11-25T16:00:03Z, -5, false, Deferred THROTTLED, ",
        "2026-11-25T16:01:00Z,  0, false, Deferred NOT_RESET, ",
        "2026-11-25T16:01:00Z,  0, true,  Exhausted PROVIDER, 2026-11-26T16:00:00Z",
    })
    void usedUpQuotaBelongsToTheProvidersDay(
            Instant now, int secondsAhead, boolean isAfterABilledResponse, String outcome, @Nullable Instant until)
            throws Exception {
        JustOneApiClient client = client(now);
        client.providersClockIsAhead(Duration.ofSeconds(secondsAhead));
        if (isAfterABilledResponse) {
            provider.replies(200, FOUND);
            fetch(client, NOTE);
        }
        provider.replies(429, "{\"code\":303}");

        // the new response gets a time after that of the stored one, which does not change the day
        FetchOutcome actual = client.fetch(CallKind.REFRESH, NOTE, now.plus(Duration.ofDays(2)));

        assertThat(describe(actual)).isEqualTo(outcome);
        assertThat(actual instanceof Exhausted exhausted ? exhausted.until() : null)
                .isEqualTo(until);
        assertThat(recorder.events.contains("stopped 303")).isEqualTo(until != null);
        if (outcome.endsWith("NOT_RESET")) {
            assertThat(rateLimit.pauses).containsExactly(Duration.ofMinutes(10));
        }
    }

    @Test
    void lostClaimSendsNothing() throws Exception {
        JustOneApiClient client = client();
        recorder.refusal = new Unclaimed();

        assertThat(fetch(client, NOTE)).isInstanceOf(Unclaimed.class);

        assertThat(provider.lines()).isEmpty();
        recorder.refusal = null;
        provider.replies(200, "{\"code\":301}");
        assertThat(fetch(client, NOTE)).as("the next one").isInstanceOf(Deferred.class);
    }

    @Test
    void responseAboutAnotherNoteIsNotStoredUnderThisOne() throws Exception {
        provider.replies(200, FOUND).replies(200, FOUND).replies(200, OTHER);
        JustOneApiClient client = client();

        assertThat(noteOf(fetch(client, NOTE))).isEqualTo(ID);
        Deferred deferred = (Deferred) fetch(client, OTHER_NOTE);

        assertThat(deferred.cause()).isEqualTo(DeferralCause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).isEqualTo("the response is about note " + ID);
        assertThat(recorder.received.getLast().response()).isNull();
        assertThat(noteOf(fetch(client, OTHER_NOTE))).isEqualTo(OTHER_ID);
    }

    @Test
    void responseToAnotherRequestInProgressIsRecordedForThatRequest() throws Exception {
        JustOneApiClient client = client();
        provider.replies(provider.silence());
        Future<FetchOutcome> first = threads.submit(() -> fetch(client, NOTE));
        await().until(() -> provider.lines().size() == 1);
        provider.replies(200, FOUND).replies(200, OTHER);

        Deferred deferred = (Deferred) fetch(client, OTHER_NOTE);

        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(noteOf(first.get())).isEqualTo(ID);
        assertThat(recorder.received)
                .filteredOn(received -> received.call() == 1)
                .singleElement()
                .satisfies(received -> {
                    assertThat(received.reply().billed()).isEqualTo(Billed.YES);
                    assertThat(received.response()).isEqualTo(bytes(FOUND));
                });
        assertThat(noteOf(fetch(client, OTHER_NOTE))).isEqualTo(OTHER_ID);
        assertThat(provider.lines()).hasSize(3);
    }

    private static NoteId noteOf(FetchOutcome outcome) {
        return ((Found) outcome).capture().id();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1KB", "2MB endless", "2MB compressed", "2MB announced"})
    void responseAboveTheLimitIsUnreadable(String kind) throws Exception {
        provider.replies(
                        switch (kind) {
                            case "1KB" -> ScriptedServer.reply(200, bytes(FOUND + " ".repeat(2000)));
                            case "2MB endless" ->
                                ScriptedServer.endless("HTTP/1.1 200 x\r\n\r\n", " ".repeat(64 * 1024));
                            case "2MB compressed" -> ScriptedServer.gzipped(new byte[200 << 20]);
                            default ->
                                ScriptedServer.raw("HTTP/1.1 200 x\r\nContent-Length: 1000000000\r\n\r\n{", bytes(""));
                        })
                .replies(200, FOUND);
        JustOneApiClient client = client("max-response-size", kind.split(" ")[0]);

        Deferred deferred = (Deferred) fetch(client, NOTE);

        assertThat(deferred.cause()).isEqualTo(DeferralCause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).startsWith("the response is longer than ");
        assertThat(deferred.reply().isUnreadable()).isTrue();
        if (kind.endsWith("endless")) {
            assertThat(recorder.received.getFirst().response()).hasSizeBetween(250_000, ResponseMemory.ORDINARY_SIZE);
        }
        assertThat(fetch(client, NOTE)).isInstanceOf(Found.class);
        assertThat(provider.lines()).hasSize(2);
        provider.replies(200, FOUND);
        String limit = bytes(FOUND).length + "B";
        assertThat(fetch(client("max-response-size", limit), NOTE)).isInstanceOf(Found.class);
    }

    @Test
    void largeNoteWaitsForMemoryAfterItsResponseIsRecordedAndItsCallEnded() throws Exception {
        memory = new ResponseMemory(1 << 20);
        memory.begin(OTHER_ID);
        memory.take(OTHER_ID, 1 << 20);
        memory.begin(ID);
        provider.replies(200, FOUND + " ".repeat(1 << 20));
        JustOneApiClient client = client("calls-in-flight", "1");
        Future<FetchOutcome> large = threads.submit(() -> fetch(client, NOTE));
        await().until(() -> recorder.received.size() == 1);
        provider.replies(200, OTHER);
        assertThat(fetch(client, OTHER_NOTE)).as("the one call is free").isInstanceOf(Found.class);
        assertThat(large.isDone()).isFalse();

        memory.end(OTHER_ID);

        assertThat(large.get()).isInstanceOf(Found.class);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @Test
    void endBetweenRecordingAndSendingRemovesTheRecord() {
        JustOneApiClient client = client();
        recorder.whileSending = () -> client.end("stopped");

        assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
        assertThatThrownBy(() -> fetch(client, NOTE)).hasMessage("stopped");

        assertThat(recorder.events).containsExactly("sending 1", "not sent 1");
        assertThat(provider.lines()).isEmpty();
    }

    @Test
    void abortedCallMayHaveBeenBilled() throws Exception {
        JustOneApiClient client = client();
        provider.replies((socket, out) -> {
            client.abort();
            return provider.silence().write(socket, out);
        });

        assertThatThrownBy(() -> fetch(client, NOTE))
                .isInstanceOf(CallsEndedException.class)
                .hasMessageContaining("aborted");

        assertThat(recorder.received.getFirst().reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(recorder.events).containsExactly("sending 1", "received 1");
        assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void outdatedNumberOfCallsDoesNotReplaceANewerOne() throws Exception {
        provider.replies(200, FOUND).replies(200, FOUND);
        JustOneApiClient client = client("calls-per-night", "3");
        AtomicBoolean first = new AtomicBoolean(true);
        recorder.whenCounted = () -> {
            if (first.getAndSet(false)) {
                assertThatNoException().isThrownBy(() -> fetch(client, NOTE));
            }
        };

        fetch(client, NOTE);

        assertThat(recorder.events).startsWith("sending 1", "sending 2");
        assertThat(client.callsLeft()).isOne();
    }

    @Test
    void limitOfVideosDoesNotAffectOtherCalls() throws Exception {
        provider.replies(200, FOUND).replies(200, FOUND).replies(200, FOUND);
        videos = Settings.ofVideos("calls-per-night", "3");
        JustOneApiClient client = client();
        open(client, new NightlyCalls(9, 2, 0, 0, 0));
        NoteCapture detail = ((Found) fetch(client, NOTE)).capture();

        NoteCapture video = ((Found) fetchVideo(client, detail)).capture();

        assertThat(fetchVideo(client, detail))
                .isEqualTo(new Exhausted("our own limit of 3 calls for videos a night", CallKind.VIDEO, MIDNIGHT));
        assertThat(provider.lines())
                .satisfiesExactly(
                        request -> assertThat(request).contains("/get-note-detail/v1?"),
                        request -> assertThat(request).contains("/get-note-detail/v6?"));
        assertThat(recorder.received).hasSize(2);
        assertThat(fetch(client, NOTE)).isInstanceOf(Found.class);
        assertThat(video.capturedAt())
                .as("by a fixed clock")
                .isEqualTo(detail.capturedAt().plusMillis(1));
        JustOneApiClient both = client("calls-per-night", "2");
        open(both, new NightlyCalls(2, 1, 0, 0, 0));
        assertThat(describe(fetchVideo(both, detail))).as("the limit of all").isEqualTo("Exhausted NOTE");
    }

    @Test
    void limitOfTheCostCountsCallsThatAreOrMayBeBilled() throws Exception {
        provider.replies(200, FOUND)
                .replies(200, "{\"code\":301}")
                .replies(502, "no envelope")
                .replies(200, FOUND);
        JustOneApiClient client = client("cost-per-night", "0.50", "price.note", "0.15");
        fetch(client, NOTE);

        fetch(client, NOTE); // 301 is not billed
        assertThat(client.callsLeft()).isEqualTo(2);
        fetch(client, NOTE); // billing unknown
        fetch(client, NOTE);

        assertThat(client.callsLeft()).isZero();
        assertThat(client.refreshesLeft()).isZero();
        assertThat(fetch(client, NOTE))
                .isEqualTo(new Exhausted("our own limit of CNY 0.50 a night", CallKind.NOTE, MIDNIGHT));
        assertThat(provider.lines()).hasSize(4);
    }

    @Test
    void costThatLeavesNoVideoLeavesOtherCalls() throws Exception {
        provider.replies(200, FOUND).replies(200, FOUND);
        JustOneApiClient client = client("cost-per-night", "0.50", "price.note", "0.15", "price.video", "0.40");
        NoteCapture detail = ((Found) fetch(client, NOTE)).capture();

        assertThat(fetchVideo(client, detail))
                .isEqualTo(new Exhausted("our own limit of CNY 0.50 a night", CallKind.VIDEO, MIDNIGHT));
        assertThat(fetch(client, NOTE)).isInstanceOf(Found.class);
    }

    @Test
    void callThatCouldNotBeRecordedIsNotSentAndDoesNotCount() throws Exception {
        provider.replies(200, FOUND).replies(200, FOUND);
        videos = Settings.ofVideos("calls-per-night", "1");
        JustOneApiClient client = client("calls-per-night", "2");
        NoteCapture detail = ((Found) fetch(client, NOTE)).capture();
        recorder.whileSending = () -> {
            throw new IllegalStateException("database unavailable");
        };
        assertThatThrownBy(() -> fetchVideo(client, detail)).hasMessage("database unavailable");
        recorder.whileSending = () -> {};

        assertThat(fetchVideo(client, detail)).isInstanceOf(Found.class);
        assertThat(provider.lines()).hasSize(2);
    }

    @Test
    void responseIsNotOlderThanItsRequestIfTheClockIsSetBack() throws Exception {
        provider.replies(200, FOUND);
        List<Instant> times = new ArrayList<>(List.of(NOW, NOW));
        InstantSource source = () -> times.isEmpty() ? NOW.minusSeconds(60) : times.removeFirst();
        Clock setBack = source.withZone(ZoneOffset.UTC);

        fetch(client(setBack), NOTE);

        assertThat(recorder.received.getFirst().at()).isEqualTo(NOW);
    }
}
