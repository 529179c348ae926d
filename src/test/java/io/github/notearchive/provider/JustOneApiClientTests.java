package io.github.notearchive.provider;

import static io.github.notearchive.provider.ClientFixture.ID;
import static io.github.notearchive.provider.ClientFixture.NOTE;
import static io.github.notearchive.provider.ClientFixture.NOW;
import static io.github.notearchive.provider.ClientFixture.fetch;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Deferred.Cause;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class JustOneApiClientTests {

    private static final Instant MIDNIGHT = Instant.parse("2026-11-25T16:00:00Z");
    private static final Instant NEXT_MIDNIGHT = MIDNIGHT.plus(Duration.ofDays(1));
    private static final String FOUND =
            "{\"code\":0,\"requestId\":\"r-1\",\"data\":[{\"note_list\":[{\"id\":\"" + ID + "\",\"title\":\"好\"}]}]}";
    private static final NoteId OTHER_ID = new NoteId("66aa00000000000000000002");
    private static final FetchRequest OTHER_NOTE = new FetchRequest(OTHER_ID, 1, null);
    private static final String OTHER = FOUND.replace(ID.value(), OTHER_ID.value());

    @RegisterExtension
    private final ClientFixture fixture = new ClientFixture();

    private final ScriptedProvider provider = fixture.provider;
    private final CallRecorderFixture recorder = fixture.recorder;

    @Test
    void fetchIsOneRequestWithTokenAndNoteId() throws Exception {
        provider.answers(200, FOUND);

        var outcome = fetch(fixture.client("token", "s3cret +/&="), NOTE);

        assertThat(outcome).isInstanceOf(Found.class);
        assertThat(provider.requests())
                .containsExactly("GET /api/xiaohongshu/get-note-detail/v1?token=s3cret%20%2B%2F%26%3D&noteId=" + ID
                        + " HTTP/1.1");
    }

    @Test
    void captureIsTheExactResponseOfItsCall() throws Exception {
        provider.answers(200, FOUND);

        NoteCapture capture = ((Found) fetch(fixture.client(), NOTE)).capture();

        assertThat(capture.id()).isEqualTo(ID);
        assertThat(capture.callId()).isEqualTo(1);
        assertThat(capture.capturedAt()).isEqualTo(NOW);
        assertThat(capture.response()).isEqualTo(FOUND.getBytes(UTF_8));
        assertThat(capture.note().path("title").stringValue()).isEqualTo("好");
        CallRecorderFixture.Received received = recorder.received.getFirst();
        assertThat(received.response()).isEqualTo(FOUND.getBytes(UTF_8));
        assertThat(received.at()).isEqualTo(NOW);
        assertThat(received.reply()).isEqualTo(new ProviderReply(0, 200, null, "r-1", Billed.YES));
    }

    @Test
    void callIsRecordedBeforeItIsSentAndResponseBeforeItIsUsed() throws Exception {
        List<String> whenSending = new ArrayList<>();
        List<String> whenRequested = new ArrayList<>();
        recorder.whileSending = () -> whenSending.addAll(provider.requests());
        provider.answers((socket, out) -> {
            whenRequested.addAll(recorder.events);
            return ScriptedProvider.reply(200, FOUND.getBytes(UTF_8)).write(socket, out);
        });

        fetch(fixture.client(), NOTE);

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
        provider.answers(status, "{\"code\":\"" + code + "\",\"message\":\"m\"}");
        JustOneApiClient client = fixture.client();

        assertThat(describe(fetch(client, NOTE))).isEqualTo(outcome);

        ProviderReply reply = recorder.received.getFirst().reply();
        String message = code == 0 ? "success without the note: data is empty" : "m";
        assertThat(reply).isEqualTo(new ProviderReply(code, status, message, null, billed));
        assertThat(recorder.received.getFirst().response() != null).isEqualTo(isStored);
        assertThat(provider.requests()).hasSize(1);
        if (outcome.startsWith("Blocked") || outcome.startsWith("Exhausted")) {
            assertThat(recorder.events).containsExactly("sending 1", "stopped " + code, "received 1");
            assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
        }
    }

    private static FetchOutcome video(JustOneApiClient client, NoteCapture detail) throws InterruptedException {
        return client.fetch(CallKind.VIDEO, NOTE, detail.capturedAt().plusMillis(1));
    }

    private static String describe(FetchOutcome outcome) {
        return switch (outcome) {
            case Missing(var _, var certain) -> certain ? "Missing certain" : "Missing";
            case Deferred(var _, var cause) -> "Deferred " + cause;
            case Exhausted(var _, var whose, var _) -> "Exhausted " + whose;
            default -> outcome.getClass().getSimpleName();
        };
    }

    @ParameterizedTest
    @CsvSource({"500, FAULT, UNKNOWN", "502, FAULT, UNKNOWN", "302, FAULT, UNKNOWN", "429, THROTTLED, NO"})
    void responseWithoutEnvelopeIsNotRepeated(int status, Cause cause, Billed billed) throws Exception {
        provider.answers(status, "<html>bad gateway</html>", "Location: /elsewhere", "Retry-After: 0");

        Deferred deferred = (Deferred) fetch(fixture.client(), NOTE);

        assertThat(deferred.cause()).isEqualTo(cause);
        assertThat(deferred.reply().code()).isNull();
        assertThat(deferred.reply().httpStatus()).isEqualTo(status);
        assertThat(deferred.reply().billed()).isEqualTo(billed);
        assertThat(provider.requests()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"reset, ", "truncated, ", "drip, no complete response within", "silence, no complete response within"})
    void requestWithoutCompleteResponseMayHaveBeenBilled(String fault, @Nullable String message) throws Exception {
        provider.answers(
                switch (fault) {
                    case "reset" -> ScriptedProvider.reset();
                    case "truncated" -> ScriptedProvider.cutShort(FOUND);
                    case "drip" -> provider.drip();
                    default -> provider.silence();
                });

        Deferred deferred = (Deferred) fetch(fixture.client("response-timeout", "300ms"), NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().httpStatus()).isNull();
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).startsWith(message == null ? "" : message);
        assertThat(provider.requests()).hasSize(1);
        assertThat(recorder.events).containsExactly("sending 1", "received 1");
    }

    @Test
    void refusedConnectionIsNotBilled() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }

        Deferred deferred = (Deferred) fetch(fixture.client("base-url", "http://127.0.0.1:" + port), NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.NO);
        assertThat(deferred.reply().message()).contains("refused");
        assertThat(recorder.events).containsExactly("sending 1", "received 1");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-25T15:59:00Z,  0, Exhausted PROVIDER, 2026-11-25T16:00:00Z",
        "2026-11-25T15:59:00Z, -5, Exhausted PROVIDER, 2026-11-25T16:00:05Z",
        "2026-11-25T17:00:00Z,  0, Exhausted PROVIDER, 2026-11-26T16:00:00Z",
        "2026-11-25T16:00:03Z, -5, Deferred THROTTLED, ",
        "2026-11-25T16:01:00Z,  0, Deferred NOT_RESET, ",
    })
    void usedUpQuotaBelongsToTheProvidersDay(Instant now, int secondsAhead, String outcome, @Nullable Instant until)
            throws Exception {
        provider.answers(429, "{\"code\":303}");
        JustOneApiClient client = fixture.client(now);
        client.providersClockIsAhead(Duration.ofSeconds(secondsAhead));

        FetchOutcome actual = fetch(client, NOTE);

        assertThat(describe(actual)).isEqualTo(outcome);
        assertThat(actual instanceof Exhausted exhausted ? exhausted.until() : null)
                .isEqualTo(until);
        assertThat(recorder.events.contains("stopped 303")).isEqualTo(until != null);
        if (outcome.endsWith("NOT_RESET")) {
            assertThat(fixture.rateLimit.pauses).containsExactly(Duration.ofMinutes(10));
        }
    }

    @Test
    void quotaThatIsUsedUpAfterABilledResponseOfTheDayEndsCalls() throws Exception {
        provider.answers(200, FOUND).answers(200, "{\"code\":303}");
        JustOneApiClient client = fixture.client(MIDNIGHT.plusSeconds(60));

        fetch(client, NOTE);
        Exhausted exhausted = (Exhausted) fetch(client, NOTE);

        assertThat(exhausted.until()).isEqualTo(NEXT_MIDNIGHT);
    }

    @Test
    void quotaDayFollowsTheClockNotTheTimeOfTheResponse() throws Exception {
        provider.answers(200, "{\"code\":303}");

        // the new response gets a time after that of the stored one
        Exhausted exhausted = (Exhausted) fixture.client().fetch(CallKind.REFRESH, NOTE, MIDNIGHT.plusSeconds(1800));

        assertThat(exhausted.until()).isEqualTo(MIDNIGHT);
        assertThat(recorder.events).containsExactly("sending 1", "stopped 303", "received 1");
    }

    @Test
    void lostClaimSendsNothing() throws Exception {
        JustOneApiClient client = fixture.client();
        recorder.unclaimed = true;

        assertThat(fetch(client, NOTE)).isInstanceOf(FetchOutcome.Unclaimed.class);

        assertThat(provider.requests()).isEmpty();
        recorder.unclaimed = false;
        provider.answers(200, "{\"code\":301}");
        assertThat(fetch(client, NOTE)).as("the next one").isInstanceOf(Deferred.class);
    }

    @Test
    void retryAfterIsTheLengthOfThePause() throws Exception {
        provider.answers(429, "{\"code\":302}", "Retry-After: 0").answers(200, FOUND);
        JustOneApiClient client = fixture.client();
        long startedAt = System.nanoTime();

        fetch(client, NOTE);
        fetch(client, NOTE);

        assertThat(System.nanoTime() - startedAt).isLessThan(TimeUnit.MILLISECONDS.toNanos(900));
        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void repeatedResponseIsNotReadAsTheNextOne() throws Exception {
        String copy = "HTTP/1.1 200 x\r\nContent-Length: " + length(FOUND) + "\r\n\r\n" + FOUND;
        provider.answers(followedBy(FOUND, copy)).answers(200, OTHER).answers(200, FOUND);
        JustOneApiClient client = fixture.client();

        assertThat(noteOf(fetch(client, NOTE))).isEqualTo(ID);
        assertThat(noteOf(fetch(client, OTHER_NOTE))).isEqualTo(OTHER_ID);
        assertThat(noteOf(fetch(client, NOTE))).isEqualTo(ID);

        assertThat(provider.requests()).hasSize(3);
        assertThat(recorder.received)
                .extracting(received -> received.reply().billed())
                .containsOnly(Billed.YES);
    }

    @Test
    void bodyLongerThanItsLengthDoesNotAffectTheNextRequest() throws Exception {
        provider.answers(followedBy(FOUND, "and more")).answers(200, OTHER);
        JustOneApiClient client = fixture.client();

        assertThat(noteOf(fetch(client, NOTE))).isEqualTo(ID);
        assertThat(noteOf(fetch(client, OTHER_NOTE))).isEqualTo(OTHER_ID);

        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void responseAboutAnotherNoteIsNotStoredUnderThisOne() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND).answers(200, OTHER);
        JustOneApiClient client = fixture.client();

        assertThat(noteOf(fetch(client, NOTE))).isEqualTo(ID);
        Deferred deferred = (Deferred) fetch(client, OTHER_NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).isEqualTo("the response is about note " + ID);
        assertThat(recorder.received.getLast().response()).isNull();
        assertThat(noteOf(fetch(client, OTHER_NOTE))).isEqualTo(OTHER_ID);
    }

    @Test
    void responseToAnotherRequestInProgressIsRecordedForThatRequest() throws Exception {
        CountDownLatch isSent = new CountDownLatch(1);
        provider.answers((_, _) -> {
            isSent.countDown();
            return provider.silence().write(null, null);
        });
        JustOneApiClient client = fixture.client();
        FutureTask<FetchOutcome> first = new FutureTask<>(() -> fetch(client, NOTE));
        Thread.ofVirtual().start(first);
        isSent.await();
        provider.answers(200, FOUND).answers(200, OTHER);

        Deferred deferred = (Deferred) fetch(client, OTHER_NOTE);

        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(noteOf(first.get())).isEqualTo(ID);
        assertThat(recorder.received)
                .filteredOn(received -> received.call() == 1)
                .singleElement()
                .satisfies(received -> {
                    assertThat(received.reply().billed()).isEqualTo(Billed.YES);
                    assertThat(received.response()).isEqualTo(FOUND.getBytes(UTF_8));
                });
        assertThat(noteOf(fetch(client, OTHER_NOTE))).isEqualTo(OTHER_ID);
        assertThat(provider.requests()).hasSize(3);
    }

    private static NoteId noteOf(FetchOutcome outcome) {
        return ((Found) outcome).capture().id();
    }

    /** A complete response and more bytes, in one write. */
    private static ScriptedProvider.Reply followedBy(String body, String surplus) {
        return (socket, out) -> {
            var both = new ByteArrayOutputStream();
            boolean keep = ScriptedProvider.reply(200, body.getBytes(UTF_8)).write(socket, both);
            both.write(surplus.getBytes(UTF_8));
            out.write(both.toByteArray());
            out.flush();
            return keep;
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"1KB", "2MB endless", "2MB announced"})
    void responseAboveTheLimitIsUnreadable(String kind) throws Exception {
        String limit = kind.split(" ")[0];
        provider.answers(
                        switch (kind) {
                            case "1KB" -> ScriptedProvider.reply(200, (FOUND + " ".repeat(2000)).getBytes(UTF_8));
                            case "2MB endless" -> endless();
                            default -> announced();
                        })
                .answers(200, FOUND);
        JustOneApiClient client = fixture.client("max-answer-size", limit);

        Deferred deferred = (Deferred) fetch(client, NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).startsWith("the response is longer than ");
        assertThat(deferred.reply().isUnreadable()).isTrue();
        if (kind.endsWith("endless")) {
            assertThat(recorder.received.getFirst().response()).hasSizeBetween(250_000, ResponseMemory.ORDINARY_SIZE);
        }
        assertThat(fetch(client, NOTE)).isInstanceOf(Found.class);
        assertThat(provider.requests()).hasSize(2);
    }

    private static ScriptedProvider.Reply endless() {
        return (_, out) -> {
            out.write("HTTP/1.1 200 x\r\nConnection: close\r\n\r\n".getBytes(US_ASCII));
            byte[] piece = new byte[64 * 1024];
            while (true) {
                out.write(piece);
            }
        };
    }

    private static ScriptedProvider.Reply announced() {
        return (_, out) -> {
            out.write("HTTP/1.1 200 x\r\nContent-Length: 1000000000\r\n\r\n{".getBytes(US_ASCII));
            out.flush();
            return true;
        };
    }

    @Test
    void responseAtTheLimitIsRead() throws Exception {
        provider.answers(200, FOUND);

        assertThat(fetch(fixture.client("max-answer-size", length(FOUND) + "B"), NOTE))
                .isInstanceOf(Found.class);
    }

    @Test
    void slowLargeResponseDelaysNoOther() throws Exception {
        CountDownLatch rest = new CountDownLatch(1);
        String large = FOUND + " ".repeat(2 << 20);
        int half = (1 << 20) + 1;
        provider.answers((_, out) -> {
            out.write(("HTTP/1.1 200 x\r\nContent-Length: " + length(large) + "\r\n\r\n").getBytes(US_ASCII));
            out.write(large.getBytes(UTF_8), 0, half);
            out.flush();
            rest.await();
            out.write(large.getBytes(UTF_8), half, length(large) - half);
            return true;
        });
        JustOneApiClient client = fixture.client("max-answer-size", "8MB");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<FetchOutcome> first = threads.submit(() -> fetch(client, NOTE));
            await().until(() -> provider.requests().size() == 1);
            provider.answers(200, large).answers(200, FOUND);
            assertThat(fetch(client, NOTE)).as("another large one").isInstanceOf(Found.class);
            assertThat(fetch(client, NOTE)).as("a small one").isInstanceOf(Found.class);

            rest.countDown();

            assertThat(first.get()).isInstanceOf(Found.class);
        }
    }

    @Test
    void largeNoteWaitsForMemoryAfterItsResponseIsRecordedAndItsCallEnded() throws Exception {
        fixture.memory = new ResponseMemory(1 << 20);
        fixture.memory.begin(OTHER_ID);
        fixture.memory.take(OTHER_ID, 1 << 20);
        fixture.memory.begin(ID);
        provider.answers(200, FOUND + " ".repeat(1 << 20));
        JustOneApiClient client = fixture.client("calls-in-flight", "1");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<FetchOutcome> large = threads.submit(() -> fetch(client, NOTE));
            await().until(() -> recorder.received.size() == 1);
            provider.answers(200, OTHER);
            assertThat(fetch(client, OTHER_NOTE)).as("the one call is free").isInstanceOf(Found.class);
            assertThat(large.isDone()).isFalse();

            fixture.memory.end(OTHER_ID);

            assertThat(large.get()).isInstanceOf(Found.class);
        }
    }

    private static int length(String text) {
        return text.getBytes(UTF_8).length;
    }

    @Test
    void compressedResponseIsStoredAsPlainText() throws Exception {
        provider.answers(ScriptedProvider.gzipped(FOUND));

        Found found = (Found) fetch(fixture.client(), NOTE);

        assertThat(found.capture().response()).isEqualTo(FOUND.getBytes(UTF_8));
    }

    @Test
    void endBetweenRecordingAndSendingRemovesTheRecord() {
        JustOneApiClient client = fixture.client();
        recorder.whileSending = () -> client.end("stopped");

        assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);

        assertThat(recorder.events).containsExactly("sending 1", "not sent 1");
        assertThat(provider.requests()).isEmpty();
    }

    @Test
    void nothingIsRecordedAfterTheEnd() {
        JustOneApiClient client = fixture.client();
        client.end("stopped");

        assertThatThrownBy(() -> fetch(client, NOTE)).hasMessage("stopped");

        assertThat(recorder.events).isEmpty();
    }

    @Test
    void abortedCallMayHaveBeenBilled() throws Exception {
        JustOneApiClient client = fixture.client();
        provider.answers((socket, out) -> {
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
    void ourOwnLimitEndsTheNightWithoutACall() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        JustOneApiClient client = fixture.client("calls-per-night", "3");
        fixture.open(client, new NightlyCalls(1, 0, 0));

        fetch(client, NOTE);
        fetch(client, NOTE);

        assertThat(fetch(client, NOTE))
                .isEqualTo(new Exhausted("our own limit of 3 calls a night", Exhausted.Whose.OURS, MIDNIGHT));
        assertThat(provider.requests()).hasSize(2);
        assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void stopOfAnotherNodeEndsCallsBeforeTheNextOneIsSent() throws Exception {
        JustOneApiClient client = fixture.client();
        recorder.stop = new StopNotice(601, "code 601 (BALANCE)", null, "east", 7L);

        assertThatThrownBy(() -> fetch(client, NOTE))
                .isInstanceOf(CallsEndedException.class)
                .hasMessage("code 601 (BALANCE), met by node east in execution 7");

        assertThat(fixture.stopped).containsExactly(recorder.stop);
        assertThat(provider.requests()).isEmpty();
        assertThat(recorder.events).isEmpty();
        recorder.stop = null;
        assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void callsOfOtherNodesCount() throws Exception {
        provider.answers(200, FOUND);
        JustOneApiClient client = fixture.client("calls-per-night", "3");

        fetch(client, NOTE);
        recorder.night = new NightlyCalls(3, 0, 0);
        assertThat(client.callsLeft()).as("as far as is known").isEqualTo(2);

        assertThat(describe(fetch(client, NOTE))).isEqualTo("Exhausted OURS");
        assertThat(client.callsLeft()).isZero();
        assertThat(provider.requests()).hasSize(1);
        assertThat(recorder.events).containsExactly("sending 1", "received 1");
    }

    @Test
    void outdatedNumberOfCallsDoesNotReplaceANewerOne() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        JustOneApiClient client = fixture.client("calls-per-night", "3");
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
        for (int i = 0; i < 4; i++) {
            provider.answers(200, FOUND);
        }
        fixture.videos = Settings.ofVideos("calls-per-night", "3");
        JustOneApiClient client = fixture.client();
        fixture.open(client, new NightlyCalls(9, 2, 0));
        NoteCapture detail = ((Found) fetch(client, NOTE)).capture();

        NoteCapture video = ((Found) video(client, detail)).capture();

        assertThat(video(client, detail))
                .isEqualTo(new Exhausted(
                        "our own limit of 3 calls for videos a night", Exhausted.Whose.OURS_FOR_VIDEOS, MIDNIGHT));
        assertThat(provider.requests())
                .satisfiesExactly(
                        request -> assertThat(request).contains("/get-note-detail/v1?"),
                        request -> assertThat(request).contains("/get-note-detail/v6?"));
        assertThat(recorder.received).hasSize(2);
        assertThat(fetch(client, NOTE)).isInstanceOf(Found.class);
        assertThat(video.capturedAt())
                .as("by a fixed clock")
                .isEqualTo(detail.capturedAt().plusMillis(1));
    }

    @Test
    void limitOfAllCallsCountsVideos() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        JustOneApiClient client = fixture.client("calls-per-night", "2");
        NoteCapture detail = ((Found) fetch(client, NOTE)).capture();
        video(client, detail);

        assertThat(describe(video(client, detail))).isEqualTo("Exhausted OURS");
        assertThat(provider.requests()).hasSize(2);
        assertThatThrownBy(() -> fetch(client, NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void callThatCouldNotBeRecordedIsNotSentAndDoesNotCount() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        fixture.videos = Settings.ofVideos("calls-per-night", "1");
        JustOneApiClient client = fixture.client("calls-per-night", "2");
        NoteCapture detail = ((Found) fetch(client, NOTE)).capture();
        recorder.whileSending = () -> {
            throw new IllegalStateException("database unavailable");
        };
        assertThatThrownBy(() -> video(client, detail)).hasMessage("database unavailable");
        recorder.whileSending = () -> {};

        assertThat(video(client, detail)).isInstanceOf(Found.class);
        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void tokenIsInNoMessage() throws Exception {
        provider.answers(401, "{\"code\":100,\"message\":\"unknown: s3cret.value\"}");

        Blocked blocked = (Blocked) fetch(fixture.client("token", "s3cret.value"), NOTE);

        assertThat(blocked.reply().toString()).doesNotContain("s3cret").contains("code 100");
        assertThat(recorder.received.getFirst().reply().message()).doesNotContain("s3cret");
    }

    @Test
    void concurrentFetchesAreOneRequestEach() throws Exception {
        JustOneApiClient client = fixture.client("calls-in-flight", "8");
        List<Future<FetchOutcome>> fetches = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 40; i++) {
                provider.answers(200, "{\"code\":301}");
                fetches.add(threads.submit(() -> fetch(client, NOTE)));
            }
            for (Future<FetchOutcome> fetch : fetches) {
                assertThat(fetch.get(10, TimeUnit.SECONDS)).isInstanceOf(Deferred.class);
            }
        }

        assertThat(provider.requests()).hasSize(40);
        assertThat(recorder.received).hasSize(40);
    }

    @Test
    void responseIsNotOlderThanItsRequestIfTheClockIsSetBack() throws Exception {
        provider.answers(200, FOUND);
        List<Instant> times = new ArrayList<>(List.of(NOW, NOW));
        InstantSource source = () -> times.isEmpty() ? NOW.minusSeconds(60) : times.removeFirst();
        Clock setBack = source.withZone(ZoneOffset.UTC);

        fetch(fixture.client(setBack), NOTE);

        assertThat(recorder.received.getFirst().at()).isEqualTo(NOW);
    }
}
