package io.github.notearchive.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Deferred.Cause;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Rejected;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class JustOneApiClientTests {

    private static final NoteId ID = new NoteId("66aa00000000000000000001");
    private static final FetchRequest NOTE = new FetchRequest(ID, 1, null);
    private static final Instant NOW = Instant.parse("2026-11-25T15:59:00Z"); // 23:59 in Shanghai
    private static final Instant MIDNIGHT = Instant.parse("2026-11-25T16:00:00Z");
    private static final Instant NEXT_MIDNIGHT = MIDNIGHT.plus(Duration.ofDays(1));
    private static final String FOUND =
            "{\"code\":0,\"requestId\":\"r-1\",\"data\":[{\"note_list\":[{\"id\":\"66aa00000000000000000001\",\"title\":\"好\"}]}]}";

    private static final NoteId OTHER_ID = new NoteId("66aa00000000000000000002");
    private static final FetchRequest OTHER_NOTE = new FetchRequest(OTHER_ID, 1, null);
    private static final String OTHER = FOUND.replace(ID.value(), OTHER_ID.value());

    private final ScriptedProvider provider = new ScriptedProvider();
    private final CallRecorderFixture journal = new CallRecorderFixture();
    private ResponseMemory memory = new ResponseMemory();
    private final LocalRateLimitStore rateLimit = new LocalRateLimitStore();
    private final List<StopNotice> stopped = new ArrayList<>();
    private final List<JustOneApiClient> clients = new ArrayList<>();
    private VideoProperties videos = Settings.ofVideos();

    @AfterEach
    void close() throws IOException {
        provider.close();
        for (JustOneApiClient client : clients) {
            client.close();
        }
    }

    @Test
    void aFetchIsOneRequestWithTokenAndNoteId() throws Exception {
        provider.answers(200, FOUND);
        JustOneApiClient client = client("token", "s3cret +/&=");

        var outcome = client.fetch(NOTE);

        assertThat(outcome).isInstanceOf(Found.class);
        assertThat(provider.requests())
                .containsExactly("GET /api/xiaohongshu/get-note-detail/v1?token=s3cret%20%2B%2F%26%3D&noteId="
                        + ID
                        + " HTTP/1.1");
    }

    @Test
    void whatIsFoundIsTheExactAnswerOfTheCallThatBoughtIt() throws Exception {
        provider.answers(200, FOUND);

        Found found = (Found) client().fetch(NOTE);

        assertThat(found.capture().id()).isEqualTo(ID);
        assertThat(found.capture().callId()).isEqualTo(1);
        assertThat(found.capture().capturedAt()).isEqualTo(NOW);
        assertThat(found.capture().answer()).isEqualTo(FOUND.getBytes(StandardCharsets.UTF_8));
        assertThat(found.capture().note().path("title").stringValue()).isEqualTo("好");
        CallRecorderFixture.Received received = journal.received.getFirst();
        assertThat(received.answer()).isEqualTo(FOUND.getBytes(StandardCharsets.UTF_8));
        assertThat(received.at()).isEqualTo(NOW);
        assertThat(received.reply()).isEqualTo(new ProviderReply(0, 200, null, "r-1", Billed.YES));
    }

    @Test
    void aCallIsWrittenDownBeforeItLeavesAndItsAnswerBeforeItIsUsed() throws Exception {
        List<String> whenSending = new ArrayList<>();
        List<String> whenAsked = new ArrayList<>();
        journal.whileSending = () -> whenSending.addAll(provider.requests());
        provider.answers((socket, out) -> {
            whenAsked.addAll(journal.events);
            return ScriptedProvider.reply(200, FOUND.getBytes(StandardCharsets.UTF_8))
                    .write(socket, out);
        });

        client().fetch(NOTE);

        assertThat(whenSending).isEmpty();
        assertThat(whenAsked).containsExactly("sending 1");
        assertThat(journal.events).containsExactly("sending 1", "received 1");
    }

    @ParameterizedTest
    @CsvSource({"201, 200, true, YES", "202, 200, true, UNKNOWN", "404, 404, true, UNKNOWN", "0, 200, false, YES"})
    void aNoteThatIsNotThereIsMissing(int code, int status, boolean certain, Billed billed) throws Exception {
        provider.answers(status, "{\"code\":" + code + ",\"data\":null}");

        Missing missing = (Missing) client().fetch(NOTE);

        assertThat(missing.certain()).isEqualTo(certain);
        assertThat(missing.reply().billed()).isEqualTo(billed);
        assertThat(missing.reply().httpStatus()).isEqualTo(status);
        assertThat(provider.requests()).hasSize(1);
        assertThat(journal.received.getFirst().answer() != null).isEqualTo(billed == Billed.YES);
    }

    @ParameterizedTest
    @CsvSource({
        "301, 200, NOT_COLLECTED, NO",
        "301, 503, NOT_COLLECTED, NO",
        "302, 429, THROTTLED, NO",
        "302, 200, THROTTLED, NO",
        "500, 500, FAULT, UNKNOWN",
        "503, 503, FAULT, UNKNOWN",
        "101, 200, NOT_COLLECTED, UNKNOWN",
        "777, 200, NOT_COLLECTED, UNKNOWN"
    })
    void troubleOfTheProviderPutsTheNoteOff(int code, int status, Cause cause, Billed billed) throws Exception {
        provider.answers(status, "{\"code\":\"" + code + "\",\"message\":\"m\"}");

        Deferred deferred = (Deferred) client().fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(cause);
        assertThat(deferred.reply()).isEqualTo(new ProviderReply(code, status, "m", null, billed));
        assertThat(provider.requests()).hasSize(1);
        assertThat(journal.received.getFirst().answer()).isNull();
    }

    @Test
    void badParametersAreRejected() throws Exception {
        provider.answers(400, "{\"code\":400,\"message\":\"noteId\"}");

        assertThat(client().fetch(NOTE)).isInstanceOf(Rejected.class);
    }

    @ParameterizedTest
    @CsvSource({"100, 401", "600, 403", "601, 200", "602, 200"})
    void aBlockedAccountEndsAllCalls(int code, int status) throws Exception {
        provider.answers(status, "{\"code\":" + code + ",\"message\":\"no\"}");
        JustOneApiClient client = client();

        assertThat(client.fetch(NOTE)).isInstanceOf(Blocked.class);

        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);
        assertThat(provider.requests()).hasSize(1);
        assertThat(journal.events).containsExactly("sending 1", "stopped " + code, "received 1");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 429})
    void aQuotaThatIsUsedUpEndsAllCallsUntilMidnightInShanghai(int status) throws Exception {
        provider.answers(status, "{\"code\":303}");
        JustOneApiClient client = client();

        Exhausted exhausted = (Exhausted) client.fetch(NOTE);

        assertThat(exhausted.whose()).isEqualTo(Exhausted.Whose.PROVIDER);
        assertThat(exhausted.until()).isEqualTo(MIDNIGHT);
        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void aQuotaThatIsUsedUpAfterMidnightHoldsUntilTheNextOne() throws Exception {
        provider.answers(429, "{\"code\":303}");
        Instant hourAfter = MIDNIGHT.plusSeconds(3600);

        Exhausted exhausted = (Exhausted)
                client(Clock.fixed(hourAfter, ZoneOffset.UTC), Map.of()).fetch(NOTE);

        assertThat(exhausted.until()).isEqualTo(NEXT_MIDNIGHT);
    }

    @Test
    void aQuotaThatIsUsedUpBeforeTheFirstBilledResponseOfADayPausesCalls() throws Exception {
        provider.answers(200, "{\"code\":303}");
        JustOneApiClient client = client(Clock.fixed(MIDNIGHT.plusSeconds(60), ZoneOffset.UTC), Map.of());

        Deferred deferred = (Deferred) client.fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.NOT_RESET);
        assertThat(rateLimit.pauses).containsExactly(Duration.ofMinutes(10));
        assertThat(journal.events).containsExactly("sending 1", "received 1");
    }

    @Test
    void aQuotaThatIsUsedUpBehindABilledResponseOfTheDayEndsAllCalls() throws Exception {
        provider.answers(200, FOUND);
        provider.answers(200, "{\"code\":303}");
        JustOneApiClient client = client(Clock.fixed(MIDNIGHT.plusSeconds(60), ZoneOffset.UTC), Map.of());

        client.fetch(NOTE);
        Exhausted exhausted = (Exhausted) client.fetch(NOTE);

        assertThat(exhausted.until()).isEqualTo(NEXT_MIDNIGHT);
    }

    @Test
    void aQuotaOfAProviderWhoseClockIsBehindIsOfItsOwnDay() throws Exception {
        provider.answers(200, "{\"code\":303}");
        JustOneApiClient client = client(Clock.fixed(MIDNIGHT.plusSeconds(3), ZoneOffset.UTC), Map.of());
        client.providersClockIsAhead(Duration.ofSeconds(-5));

        Deferred deferred = (Deferred) client.fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.THROTTLED);
    }

    @Test
    void aQuotaIsUsedUpUntilTheLaterOfTwoMidnights() throws Exception {
        provider.answers(200, "{\"code\":303}");
        JustOneApiClient client = client();
        client.providersClockIsAhead(Duration.ofSeconds(-5));

        Exhausted exhausted = (Exhausted) client.fetch(NOTE);

        assertThat(exhausted.until()).isEqualTo(MIDNIGHT.plusSeconds(5));
    }

    @Test
    void whoeverLostTheClaimWhileWaitingSendsNothing() throws Exception {
        JustOneApiClient client = client();
        journal.unclaimed = true;

        assertThat(client.fetch(NOTE)).isInstanceOf(FetchOutcome.Unclaimed.class);

        assertThat(provider.requests()).isEmpty();
        journal.unclaimed = false;
        provider.answers(200, "{\"code\":301}");
        assertThat(client.fetch(NOTE)).as("the next one").isInstanceOf(Deferred.class);
    }

    @Test
    void aQuotaIsThatOfTheNightInWhichItIsUsedUpHoweverTheAnswerIsToBeNamed() throws Exception {
        provider.answers(200, "{\"code\":303}");
        JustOneApiClient client = client();

        // behind an answer of a clock that was set back since
        Exhausted exhausted = (Exhausted) client.refresh(NOTE, MIDNIGHT.plusSeconds(1800));

        assertThat(exhausted.until()).isEqualTo(MIDNIGHT);
        assertThat(journal.events).containsExactly("sending 1", "stopped 303", "received 1");
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504})
    void aPageOfAServerInBetweenIsAFaultAndIsNotAskedAgain(int status) throws Exception {
        provider.answers(status, "<html>bad gateway</html>");

        Deferred deferred = (Deferred) client().fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().code()).isNull();
        assertThat(deferred.reply().httpStatus()).isEqualTo(status);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void aBareStatus429PausesTheClientAndIsNotAskedAgain() throws Exception {
        provider.answers(429, "", "Retry-After: 0");

        Deferred deferred = (Deferred) client().fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.THROTTLED);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.NO);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void theProvidersRetryAfterIsTheLengthOfThePause() throws Exception {
        provider.answers(429, "{\"code\":302}", "Retry-After: 0").answers(200, FOUND);
        JustOneApiClient client = client();
        long began = System.nanoTime();

        client.fetch(NOTE);
        client.fetch(NOTE);

        assertThat(System.nanoTime() - began).isLessThan(TimeUnit.MILLISECONDS.toNanos(900));
        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void aRedirectIsAFaultAndIsNotFollowed() throws Exception {
        provider.answers(302, "", "Location: " + provider.baseUrl() + "/elsewhere");

        Deferred deferred = (Deferred) client().fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().httpStatus()).isEqualTo(302);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void aConnectionThatIsResetAfterSendingMayHaveBeenBilledAndIsNotAskedAgain() throws Exception {
        provider.answers(ScriptedProvider.reset());

        Deferred deferred = (Deferred) client().fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().httpStatus()).isNull();
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(provider.requests()).hasSize(1);
        assertThat(journal.events).containsExactly("sending 1", "received 1");
    }

    @Test
    void anAnswerThatEndsEarlyMayHaveBeenBilled() throws Exception {
        provider.answers(ScriptedProvider.cutShort(FOUND));

        Deferred deferred = (Deferred) client().fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void aResponseThatIsSentTwiceIsNotReadAsTheNextOne() throws Exception {
        provider.answers(twice(FOUND)).answers(200, OTHER).answers(200, FOUND);
        JustOneApiClient client = client();

        assertThat(noteOf(client.fetch(NOTE))).isEqualTo(ID);
        assertThat(noteOf(client.fetch(OTHER_NOTE))).isEqualTo(OTHER_ID);
        assertThat(noteOf(client.fetch(NOTE))).isEqualTo(ID);

        assertThat(provider.requests()).hasSize(3);
        assertThat(journal.received)
                .extracting(received -> received.reply().billed())
                .containsExactly(Billed.YES, Billed.YES, Billed.YES);
    }

    @Test
    void aBodyLongerThanItsLengthCostsTheNextRequestNothing() throws Exception {
        provider.answers(followedBy(FOUND, "and more")).answers(200, OTHER);
        JustOneApiClient client = client();

        assertThat(noteOf(client.fetch(NOTE))).isEqualTo(ID);
        assertThat(noteOf(client.fetch(OTHER_NOTE))).isEqualTo(OTHER_ID);

        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void aSecondCopyThatComesWithTheNextResponseIsNotStoredUnderItsNote() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND).answers(200, OTHER);
        JustOneApiClient client = client();

        assertThat(noteOf(client.fetch(NOTE))).isEqualTo(ID);
        Deferred deferred = (Deferred) client.fetch(OTHER_NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).isEqualTo("the response is about note " + ID);
        assertThat(journal.received.getLast().answer()).isNull();
        assertThat(noteOf(client.fetch(OTHER_NOTE))).isEqualTo(OTHER_ID);
    }

    @Test
    void aResponseToAnotherRequestInFlightReachesThatRequestsRow() throws Exception {
        CountDownLatch isSent = new CountDownLatch(1);
        provider.answers((_, _) -> {
            isSent.countDown();
            return provider.silence().write(null, null);
        });
        JustOneApiClient client = client();
        FutureTask<FetchOutcome> first = new FutureTask<>(() -> client.fetch(NOTE));
        Thread.ofVirtual().start(first);
        isSent.await();
        provider.answers(200, FOUND).answers(200, OTHER);

        Deferred deferred = (Deferred) client.fetch(OTHER_NOTE);

        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(noteOf(first.get())).isEqualTo(ID);
        assertThat(journal.received)
                .filteredOn(received -> received.call() == 1)
                .singleElement()
                .satisfies(received -> {
                    assertThat(received.reply().billed()).isEqualTo(Billed.YES);
                    assertThat(received.answer()).isEqualTo(FOUND.getBytes(StandardCharsets.UTF_8));
                });
        assertThat(noteOf(client.fetch(OTHER_NOTE))).isEqualTo(OTHER_ID);
        assertThat(provider.requests()).hasSize(3);
    }

    private static NoteId noteOf(FetchOutcome outcome) {
        return ((Found) outcome).capture().id();
    }

    private static ScriptedProvider.Reply twice(String body) {
        return followedBy(body, "HTTP/1.1 200 x\r\nContent-Length: " + length(body) + "\r\n\r\n" + body);
    }

    /** A whole response and more bytes, in one write. */
    private static ScriptedProvider.Reply followedBy(String body, String surplus) {
        return (socket, out) -> {
            var both = new ByteArrayOutputStream();
            boolean keep = ScriptedProvider.reply(200, body.getBytes(StandardCharsets.UTF_8))
                    .write(socket, both);
            both.write(surplus.getBytes(StandardCharsets.UTF_8));
            out.write(both.toByteArray());
            out.flush();
            return keep;
        };
    }

    @Test
    void aProviderThatDoesNotListenBillsNothing() throws Exception {
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
        }

        Deferred deferred =
                (Deferred) client("base-url", "http://127.0.0.1:" + port).fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.NO);
        assertThat(deferred.reply().message()).contains("refused");
        assertThat(journal.events).containsExactly("sending 1", "received 1");
    }

    @Test
    void theDeadlineEndsAnAnswerThatDrips() throws Exception {
        provider.answers(provider.drip());

        Deferred deferred = (Deferred) client("response-timeout", "300ms").fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).startsWith("no complete response within");
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void theDeadlineEndsAProviderThatSaysNothing() throws Exception {
        provider.answers(provider.silence());

        Deferred deferred = (Deferred) client("response-timeout", "300ms").fetch(NOTE);

        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void anAnswerOverTheLimitIsUnreadableAndMayHaveBeenBilled() throws Exception {
        provider.answers(200, FOUND + " ".repeat(2000)).answers(200, FOUND);
        JustOneApiClient client = client("max-answer-size", "1KB");

        Deferred deferred = (Deferred) client.fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(deferred.reply().message()).contains("longer than");
        assertThat(client.fetch(NOTE)).isInstanceOf(Found.class);
        assertThat(provider.requests()).hasSize(2);
    }

    @Test
    void anAnswerWithoutEndIsGivenUpAtTheLimit() throws Exception {
        provider.answers(endless()).answers(200, FOUND);
        JustOneApiClient client = client("max-answer-size", "2MB");

        Deferred deferred = (Deferred) client.fetch(NOTE);

        assertThat(deferred.cause()).isEqualTo(Cause.FAULT);
        assertThat(deferred.reply().message()).contains("longer than 2097152B");
        assertThat(deferred.reply().isUnreadable()).isTrue();
        assertThat(journal.received.getFirst().answer()).hasSizeBetween(250_000, ResponseMemory.ORDINARY_SIZE);
        assertThat(client.fetch(NOTE)).isInstanceOf(Found.class);
    }

    @Test
    void anAnswerThatIsAnnouncedOverTheLimitIsNotRead() throws Exception {
        provider.answers((_, out) -> {
                    out.write("HTTP/1.1 200 x\r\nContent-Length: 1000000000\r\n\r\n{"
                            .getBytes(StandardCharsets.US_ASCII));
                    out.flush();
                    return true;
                })
                .answers(200, FOUND);
        JustOneApiClient client = client("max-answer-size", "2MB");

        Deferred deferred = (Deferred) client.fetch(NOTE);

        assertThat(deferred.reply().message()).contains("longer than 2097152B");
    }

    @Test
    void aLongAnswerThatComesSlowlyHoldsUpNoOther() throws Exception {
        CountDownLatch letOn = new CountDownLatch(1);
        String longOne = FOUND + " ".repeat(2 << 20);
        provider.answers((_, out) -> {
            out.write(("HTTP/1.1 200 x\r\nContent-Length: " + length(longOne) + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            out.write(longOne.getBytes(StandardCharsets.UTF_8), 0, (1 << 20) + 1);
            out.flush();
            letOn.await();
            out.write(longOne.getBytes(StandardCharsets.UTF_8), (1 << 20) + 1, length(longOne) - (1 << 20) - 1);
            return true;
        });
        JustOneApiClient client = client("max-answer-size", "8MB");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<FetchOutcome> first = threads.submit(() -> client.fetch(NOTE));
            await().until(() -> provider.requests().size() == 1);
            provider.answers(200, longOne);
            Future<FetchOutcome> second = threads.submit(() -> client.fetch(NOTE));
            assertThat(second.get()).isInstanceOf(Found.class);
            provider.answers(200, FOUND);
            assertThat(client.fetch(NOTE)).as("a short one").isInstanceOf(Found.class);

            letOn.countDown();

            assertThat(first.get()).isInstanceOf(Found.class);
        }
    }

    @Test
    void aLargeNoteWaitsForMemoryWhenItsAnswerIsWrittenAndItsCallOver() throws Exception {
        memory = new ResponseMemory(1 << 20);
        memory.begin(OTHER_ID);
        memory.take(OTHER_ID, 1 << 20);
        memory.begin(ID);
        provider.answers(200, FOUND + " ".repeat(1 << 20));
        JustOneApiClient client = client("calls-in-flight", "1");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<FetchOutcome> large = threads.submit(() -> client.fetch(NOTE));
            await().until(() -> journal.received.size() == 1);
            provider.answers(200, OTHER);
            assertThat(client.fetch(OTHER_NOTE)).as("the one call is free").isInstanceOf(Found.class);
            assertThat(large.isDone()).isFalse();

            memory.end(OTHER_ID);

            assertThat(large.get()).isInstanceOf(Found.class);
        }
    }

    private static int length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static ScriptedProvider.Reply endless() {
        return (_, out) -> {
            out.write("HTTP/1.1 200 x\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] piece = new byte[64 * 1024];
            while (true) {
                out.write(piece);
            }
        };
    }

    @Test
    void anAnswerAtTheLimitIsRead() throws Exception {
        int length = FOUND.getBytes(StandardCharsets.UTF_8).length;
        provider.answers(200, FOUND);

        assertThat(client("max-answer-size", length + "B").fetch(NOTE)).isInstanceOf(Found.class);
    }

    @Test
    void aCompressedAnswerIsReadAndKeptAsPlainText() throws Exception {
        provider.answers(ScriptedProvider.gzipped(FOUND));

        Found found = (Found) client().fetch(NOTE);

        assertThat(found.capture().answer()).isEqualTo(FOUND.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void anEndBetweenWritingDownAndLeavingTakesTheRecordBack() {
        JustOneApiClient client = client();
        journal.whileSending = () -> client.end("stopped");

        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);

        assertThat(journal.events).containsExactly("sending 1", "not sent 1");
        assertThat(provider.requests()).isEmpty();
    }

    @Test
    void nothingIsWrittenDownWhenCallsHaveEnded() {
        JustOneApiClient client = client();
        client.end("stopped");

        assertThatThrownBy(() -> client.fetch(NOTE)).hasMessage("stopped");

        assertThat(journal.events).isEmpty();
    }

    @Test
    void anAbortGivesUpTheCallUnderWayWhichMayHaveBeenBilled() throws Exception {
        JustOneApiClient client = client();
        provider.answers((socket, out) -> {
            client.abort();
            return provider.silence().write(socket, out);
        });

        assertThatThrownBy(() -> client.fetch(NOTE))
                .isInstanceOf(CallsEndedException.class)
                .hasMessageContaining("aborted");

        assertThat(journal.received.getFirst().reply().billed()).isEqualTo(Billed.UNKNOWN);
        assertThat(journal.events).containsExactly("sending 1", "received 1");
        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void ourOwnLimitEndsTheNightWithoutACall() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        JustOneApiClient client = client("calls-per-night", "3");
        journal.night = new NightlyCalls(1, 0, 0);
        client.open(Night.of(NOW), journal.night, true, stopped::add);

        client.fetch(NOTE);
        client.fetch(NOTE);
        Exhausted exhausted = (Exhausted) client.fetch(NOTE);

        assertThat(exhausted.whose()).isEqualTo(Exhausted.Whose.OURS);
        assertThat(exhausted.until()).isEqualTo(MIDNIGHT);
        assertThat(exhausted.quota()).contains("3 calls a night");
        assertThat(provider.requests()).hasSize(2);
        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void whatAnotherNodeHasMetEndsCallsHereBeforeTheNextOneLeaves() throws Exception {
        JustOneApiClient client = client();
        journal.stop = new StopNotice(601, "code 601 (BALANCE)", null, "east", 7L);

        assertThatThrownBy(() -> client.fetch(NOTE))
                .isInstanceOf(CallsEndedException.class)
                .hasMessage("code 601 (BALANCE), met by node east in execution 7");

        assertThat(stopped).containsExactly(journal.stop);
        assertThat(provider.requests()).isEmpty();
        assertThat(journal.events).isEmpty();
        journal.stop = null;
        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 303, 600, 601, 602})
    void whatEndsCallsIsWrittenDownForOtherNodesBeforeTheAnswerIs(int code) throws Exception {
        provider.answers(200, "{\"code\":" + code + "}");

        client().fetch(NOTE);

        assertThat(journal.events).containsExactly("sending 1", "stopped " + code, "received 1");
    }

    @Test
    void callsOfAnotherNodeAreCountedToo() throws Exception {
        provider.answers(200, FOUND);
        JustOneApiClient client = client("calls-per-night", "3");
        client.open(Night.of(NOW), NightlyCalls.NONE, true, _ -> {});

        client.fetch(NOTE);
        journal.night = new NightlyCalls(3, 0, 0);
        assertThat(client.callsLeft()).as("as far as is known").isEqualTo(2);
        Exhausted exhausted = (Exhausted) client.fetch(NOTE);

        assertThat(exhausted.whose()).isEqualTo(Exhausted.Whose.OURS);
        assertThat(client.callsLeft()).isZero();
        assertThat(provider.requests()).hasSize(1);
        assertThat(journal.events).containsExactly("sending 1", "received 1");
    }

    @Test
    void ofTwoCallsAtOnceTheOneThatWasCountedFirstMayHearItLast() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        JustOneApiClient client = client("calls-per-night", "3");
        AtomicBoolean first = new AtomicBoolean(true);
        journal.onceCounted = () -> {
            if (first.getAndSet(false)) {
                assertThatNoException().isThrownBy(() -> client.fetch(NOTE));
            }
        };

        client.fetch(NOTE);

        assertThat(journal.events).startsWith("sending 1", "sending 2");
        assertThat(client.callsLeft()).isOne();
    }

    @Test
    void limitOfVideosIsCountedByItselfAndLetsTheOtherCallsGoOn() throws Exception {
        for (int i = 0; i < 4; i++) {
            provider.answers(200, FOUND);
        }
        videos = Settings.ofVideos("calls-per-night", "3");
        JustOneApiClient client = client();
        journal.night = new NightlyCalls(9, 2, 0);
        client.open(Night.of(NOW), journal.night, true, stopped::add);
        NoteCapture detail = ((Found) client.fetch(NOTE)).capture();

        NoteCapture video = ((Found) client.fetchVideo(NOTE, detail)).capture();
        Exhausted exhausted = (Exhausted) client.fetchVideo(NOTE, detail);

        assertThat(exhausted.whose()).isEqualTo(Exhausted.Whose.OURS_FOR_VIDEOS);
        assertThat(exhausted.until()).isEqualTo(MIDNIGHT);
        assertThat(exhausted.quota()).isEqualTo("our own limit of 3 calls for videos a night");
        assertThat(provider.requests())
                .satisfiesExactly(
                        first -> assertThat(first).contains("/get-note-detail/v1?"),
                        second -> assertThat(second).contains("/get-note-detail/v6?"));
        assertThat(journal.received).hasSize(2);
        assertThat(client.fetch(NOTE)).isInstanceOf(Found.class);
        assertThat(video.capturedAt())
                .as("by a clock that stands still")
                .isEqualTo(detail.capturedAt().plusMillis(1));
    }

    @Test
    void limitOfAllCallsCountsVideosToo() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        JustOneApiClient client = client("calls-per-night", "2");
        NoteCapture detail = ((Found) client.fetch(NOTE)).capture();
        client.fetchVideo(NOTE, detail);

        Exhausted exhausted = (Exhausted) client.fetchVideo(NOTE, detail);

        assertThat(exhausted.whose()).isEqualTo(Exhausted.Whose.OURS);
        assertThat(provider.requests()).hasSize(2);
        assertThatThrownBy(() -> client.fetch(NOTE)).isInstanceOf(CallsEndedException.class);
    }

    @Test
    void videoCallThatCouldNotBeWrittenDownCountsForNeitherLimit() throws Exception {
        provider.answers(200, FOUND).answers(200, FOUND);
        videos = Settings.ofVideos("calls-per-night", "1");
        JustOneApiClient client = client("calls-per-night", "2");
        NoteCapture detail = ((Found) client.fetch(NOTE)).capture();
        journal.whileSending = () -> {
            throw new IllegalStateException("the database is away");
        };
        assertThatThrownBy(() -> client.fetchVideo(NOTE, detail)).hasMessage("the database is away");
        journal.whileSending = () -> {};

        assertThat(client.fetchVideo(NOTE, detail)).isInstanceOf(Found.class);
    }

    @Test
    void aCallThatCouldNotBeWrittenDownDoesNotLeaveAndDoesNotCount() throws Exception {
        provider.answers(200, FOUND);
        JustOneApiClient client = client("calls-per-night", "1");
        journal.whileSending = () -> {
            throw new IllegalStateException("the database is away");
        };

        assertThatThrownBy(() -> client.fetch(NOTE)).hasMessage("the database is away");
        journal.whileSending = () -> {};

        assertThat(client.fetch(NOTE)).isInstanceOf(Found.class);
        assertThat(provider.requests()).hasSize(1);
    }

    @Test
    void theTokenStandsInNoMessageEvenWhenTheProviderRepeatsIt() throws Exception {
        provider.answers(401, "{\"code\":100,\"message\":\"unknown: s3cret.value\"}");

        Blocked blocked = (Blocked) client("token", "s3cret.value").fetch(NOTE);

        assertThat(blocked.reply().toString()).doesNotContain("s3cret").contains("code 100");
        assertThat(journal.received.getFirst().reply().message()).doesNotContain("s3cret");
    }

    @Test
    void manyAsksAreAsManyRequestsAndNoMore() throws Exception {
        JustOneApiClient client = client("calls-in-flight", "8");
        List<FutureTask<FetchOutcome>> asks = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            provider.answers(200, "{\"code\":301}");
            asks.add(new FutureTask<>(() -> client.fetch(NOTE)));
        }

        asks.forEach(ask -> Thread.ofVirtual().start(ask));

        for (FutureTask<FetchOutcome> ask : asks) {
            assertThat(get(ask)).isInstanceOf(Deferred.class);
        }
        assertThat(provider.requests()).hasSize(40);
        assertThat(journal.received).hasSize(40);
    }

    @Test
    void aClockThatIsSetBackDoesNotMakeAnAnswerOlderThanItsQuestion() throws Exception {
        provider.answers(200, FOUND);
        List<Instant> times = new ArrayList<>(List.of(NOW, NOW));
        Clock back = new Clock() {
            @Override
            public Instant instant() {
                return times.isEmpty() ? NOW.minusSeconds(60) : times.removeFirst();
            }

            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }
        };

        client(back, Map.of()).fetch(NOTE);

        assertThat(journal.received.getFirst().at()).isEqualTo(NOW);
    }

    private static FetchOutcome get(FutureTask<FetchOutcome> ask) throws InterruptedException, ExecutionException {
        try {
            return ask.get(10, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new AssertionError("A fetch does not return", e);
        }
    }

    private JustOneApiClient client(String... settings) {
        Map<String, String> map = new java.util.HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        return client(Clock.fixed(NOW, ZoneOffset.UTC), map);
    }

    private JustOneApiClient client(Clock clock, Map<String, String> settings) {
        Map<String, String> all = new java.util.HashMap<>();
        all.put("base-url", provider.baseUrl().toString());
        all.put("token", "t");
        all.put("calls-per-second", "1000");
        all.putAll(settings);
        Object[] pairs = all.entrySet().stream()
                .flatMap(e -> java.util.stream.Stream.of(e.getKey(), e.getValue()))
                .toArray();
        JustOneApiClient client = new JustOneApiClient(
                Settings.of(pairs),
                videos,
                Settings.ofRefreshes(),
                journal,
                rateLimit,
                new ResponseReader(),
                memory,
                clock);
        clients.add(client);
        journal.night = new NightlyCalls(0, 0, 0);
        client.open(Night.of(NOW), journal.night, true, stopped::add);
        return client;
    }
}
