package io.github.notearchive.provider;

import io.github.notearchive.io.DeadlineHttpClient;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Deferred.Cause;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Rejected;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.net.URIBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * JustOneAPI's {@code get-note-detail/v1}, and {@code v6} for videos, over HTTP: one request a fetch, never repeated in
 * here. Both go by the same pace and the same pauses.
 *
 * <p>The body decides before the HTTP status does: the vendor sends its envelope with any status, and only a body that
 * is no envelope counts as a fault of the transport. The token is a query parameter, so neither the address nor an
 * exception that might hold it leaves this class, and what the provider repeats of it is erased before anything else
 * sees the answer.
 */
@Component
public class JustOneApiClient implements NoteClient, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JustOneApiClient.class);

    /** Bytes of a token in any encoding. */
    private static final int LONGEST_TOKEN = 4096;

    /** So long after midnight a 303 may still be about the quota of the day before, */
    private static final Duration RESET_WITHIN = Duration.ofMinutes(30);

    /** and calls pause for so long after one. */
    private static final Duration RESET_PAUSE = Duration.ofMinutes(10);

    /** A larger difference of two clocks is an error that the run reports and does not follow. */
    private static final Duration LARGEST_OFFSET = Duration.ofMinutes(10);

    private final NoteSourceProperties settings;
    private final CallRecorder journal;
    private final ResponseReader reader;
    private final Clock clock;
    private final RateLimiter pacer;
    private final CallLimits limits;
    private final DailyQuota allowance;
    private final DailyQuota videoAllowance;
    private final DailyQuota refreshAllowance;
    private final DeadlineHttpClient http;
    private final TokenRedactor echo;
    private final ResponseMemory memory;

    /** For the look into a large response before its note holds a part of the memory. */
    private final ReentrantLock largeAnswer = new ReentrantLock();

    private final Set<Flight> underWay = ConcurrentHashMap.newKeySet();
    private final AskedNotes asked = new AskedNotes();

    /** What the response said that ended the calls; null while none has. */
    private volatile @Nullable FetchOutcome ending;

    /** How often something was learnt of the night's calls. */
    private long learnt;

    private volatile Consumer<StopNotice> onStop = _ -> {};
    private volatile long answeredAt = System.nanoTime();

    /** How far the provider's clock is behind ours; zero when it is ahead. */
    private volatile Duration behind = Duration.ZERO;

    public JustOneApiClient(
            NoteSourceProperties settings,
            VideoProperties videoSettings,
            RefreshProperties refreshSettings,
            CallRecorder journal,
            RateLimitStore pace,
            ResponseReader reader,
            ResponseMemory memory,
            Clock clock) {
        this.settings = settings;
        this.journal = journal;
        this.reader = reader;
        this.memory = memory;
        this.clock = clock;
        this.pacer = new RateLimiter(settings, pace, System::nanoTime);
        this.limits = new CallLimits(
                settings.callsPerNight(),
                videoSettings.callsPerNight(),
                refreshSettings.callsAllowed(settings.callsPerNight()));
        this.allowance = new DailyQuota(limits.all(), "calls");
        this.videoAllowance = new DailyQuota(limits.videos(), "calls for videos");
        this.refreshAllowance = new DailyQuota(limits.refreshes(), "calls about archived notes");
        this.http = settings.httpClient();
        this.echo = new TokenRedactor(settings.token());
    }

    /**
     * Lets calls leave again.
     *
     * @param made what was sent already in this night
     * @param alone whether no other node runs, so that a pause left from before is forgotten
     * @param onStop is told when an answer to another node has ended the calls of all, before anybody who waits for a
     *     call is
     */
    public void open(Night tonight, NightlyCalls made, boolean alone, Consumer<StopNotice> onStop) {
        http.resume();
        ending = null;
        this.onStop = onStop;
        know(tonight, made);
        pacer.open(alone);
    }

    /**
     * Takes note of what the ledger said to a call. Of two calls at once the one that was counted first may hear it
     * last; it knows less then.
     *
     * @param learntBefore what {@link #learnt} was when the ledger was asked
     */
    private synchronized void know(Night tonight, NightlyCalls made, long learntBefore) {
        if (learnt == learntBefore || allowance.isBehind(tonight, made.all())) {
            know(tonight, made);
        }
    }

    private synchronized long learnt() {
        return learnt;
    }

    private synchronized void know(Night tonight, NightlyCalls made) {
        learnt++;
        allowance.know(tonight, made.all());
        videoAllowance.know(tonight, made.videos());
        refreshAllowance.know(tonight, made.refreshes());
    }

    /**
     * Sets the difference of the clocks. A night of the quota then begins at the later of the two midnights. A
     * difference above 10 minutes counts as none.
     *
     * @param ahead how far the provider's clock is ahead of ours; negative when it is behind
     */
    public void providersClockIsAhead(Duration ahead) {
        boolean isUsable = ahead.isNegative() && ahead.abs().compareTo(LARGEST_OFFSET) <= 0;
        behind = isUsable ? ahead.abs() : Duration.ZERO;
    }

    /** When the provider's quota day of this moment ends, by our clock. */
    private Instant quotaEnds(Instant moment) {
        return Night.of(moment.minus(behind)).ends().plus(behind);
    }

    /** Lets no further call leave; those under way are waited for. */
    public void end(String reason) {
        pacer.end(reason);
    }

    /**
     * Gives up the calls under way too: each ends with a {@link CallsEndedException}, since the note is not to blame.
     * They may have been billed, and their rows say so.
     */
    public void abort() {
        pacer.end("aborted");
        http.abort();
    }

    /** Whether an answer that is about a note, and no fault, has come since a {@link System#nanoTime}. */
    public boolean hasAnsweredSince(long nanos) {
        return answeredAt - nanos > 0;
    }

    @Override
    public FetchOutcome fetch(FetchRequest inquiry) throws InterruptedException {
        return fetch(inquiry, Instant.MIN);
    }

    /**
     * The same, where an answer is held already that does not do.
     *
     * @param notBefore the earliest that the new answer may be received, whatever the clock says: the time of an answer
     *     is its name, also where a clock was set back
     */
    public FetchOutcome fetch(FetchRequest inquiry, Instant notBefore) throws InterruptedException {
        return fetch(Occasion.NOTE, inquiry, notBefore);
    }

    @Override
    public FetchOutcome refresh(FetchRequest inquiry, Instant since) throws InterruptedException {
        Night tonight = Night.current(clock);
        if (refreshAllowance.isUsedUp(tonight)) {
            return usedUp(Occasion.REFRESH, tonight);
        }
        return fetch(Occasion.REFRESH, inquiry, since);
    }

    /** How many calls of whatever kind our own limit leaves tonight. */
    public long callsLeft() {
        return allowance.left(Night.current(clock));
    }

    /** How many calls about archived notes our own limits leave tonight. */
    public long refreshesLeft() {
        return Math.min(callsLeft(), refreshAllowance.left(Night.current(clock)));
    }

    @Override
    public FetchOutcome fetchVideo(FetchRequest inquiry, NoteCapture detail) throws InterruptedException {
        Night tonight = Night.current(clock);
        if (videoAllowance.isUsedUp(tonight)) {
            return usedUp(Occasion.VIDEO, tonight); // a turn is for those who may call
        }
        return fetch(Occasion.VIDEO, inquiry, detail.capturedAt().plusMillis(1));
    }

    /** Why a call is made. */
    private enum Occasion {
        NOTE(Endpoint.DETAIL, Exhausted.Whose.OURS),
        VIDEO(Endpoint.VIDEO, Exhausted.Whose.OURS_FOR_VIDEOS),
        REFRESH(Endpoint.DETAIL, Exhausted.Whose.OURS_FOR_REFRESHES);

        private final Endpoint endpoint;
        private final Exhausted.Whose whose;

        Occasion(Endpoint endpoint, Exhausted.Whose whose) {
            this.endpoint = endpoint;
            this.whose = whose;
        }
    }

    /** What limits the calls of an occasion, within the limit of all; null where nothing does. */
    private @Nullable DailyQuota limitOf(Occasion occasion) {
        return switch (occasion) {
            case NOTE -> null;
            case VIDEO -> videoAllowance;
            case REFRESH -> refreshAllowance;
        };
    }

    private Exhausted usedUp(Occasion occasion, Night tonight) {
        return new Exhausted(String.valueOf(limitOf(occasion)), occasion.whose, tonight.ends());
    }

    /**
     * Makes one call, if it is allowed.
     *
     * @param notBefore the earliest that its answer may be received, whatever the clock says
     */
    private FetchOutcome fetch(Occasion occasion, FetchRequest inquiry, Instant notBefore) throws InterruptedException {
        FetchOutcome outcome = call(occasion, inquiry, notBefore);
        return outcome instanceof Found found ? whole(found) : outcome;
    }

    /** A large note is read when the memory for it is free, which no call waits for. */
    private FetchOutcome whole(Found found) {
        NoteCapture capture = found.capture();
        if (!capture.envelope().isMissingNode()) {
            return found;
        }
        NoteId id = capture.id();
        memory.take(id, capture.answer().length);
        return reader.read(capture.answer(), id)
                .flatMap(ResponseReader.Answer::note)
                .map(note -> new Found(note.capture(id, capture.callId(), capture.capturedAt(), capture.answer())))
                .orElseThrow();
    }

    private FetchOutcome call(Occasion occasion, FetchRequest inquiry, Instant notBefore) throws InterruptedException {
        try (RateLimiter.Turn turn = pacer.await()) {
            Instant sentAt = millis(clock.instant().plus(turn.untilPlace()));
            Night tonight = Night.of(sentAt);
            Optional<Exhausted> known = usedUpFor(occasion, tonight);
            if (known.isPresent()) {
                return known.get();
            }
            long learntBefore = learnt();
            CallAdmission written =
                    journal.sending(inquiry, occasion.endpoint, sentAt, occasion == Occasion.REFRESH, limits);
            return switch (written) {
                case CallAdmission.Written(var call, var made, var lastPause) -> {
                    if (made != null) {
                        know(tonight, made, learntBefore);
                    }
                    leave(occasion, call, made != null, turn, lastPause);
                    yield ask(occasion.endpoint, call, turn, notBefore);
                }
                case CallAdmission.OverLimit(var made) -> {
                    know(tonight, made, learntBefore);
                    // by what the ledger said to this call: what is known by now another one may
                    // have been told before
                    yield usedUpFor(occasion, tonight, made)
                            .orElseThrow(() -> new IllegalStateException(
                                    "The ledger refuses a call within our own limits: " + made));
                }
                case CallAdmission.Stopped(var stop) -> {
                    onStop.accept(stop);
                    pacer.end(stop.toString());
                    throw new CallsEndedException(stop.toString());
                }
                case CallAdmission.Unclaimed _ -> new Unclaimed();
                case CallAdmission.Outstanding(var call) -> new Outstanding(call);
            };
        }
    }

    /** Waits until the call may leave; else it is taken back. */
    private void leave(Occasion occasion, CallRecord call, boolean counted, RateLimiter.Turn turn, long lastPause)
            throws InterruptedException {
        try {
            turn.sent(lastPause);
        } catch (RuntimeException | InterruptedException e) {
            try {
                journal.notSent(call, limits);
            } catch (RuntimeException notWritten) {
                e.addSuppressed(notWritten); // the row of the call stays, as one without response
            }
            if (counted) {
                giveBack(occasion);
            }
            throw e;
        }
    }

    /** What our own limits say to one more call, as far as is known. */
    private Optional<Exhausted> usedUpFor(Occasion occasion, Night tonight) {
        DailyQuota limit = limitOf(occasion);
        return usedUpFor(occasion, tonight, allowance.isUsedUp(tonight), limit != null && limit.isUsedUp(tonight));
    }

    /** What they say to one more call behind those. */
    private Optional<Exhausted> usedUpFor(Occasion occasion, Night tonight, NightlyCalls made) {
        return usedUpFor(
                occasion,
                tonight,
                !limits.allow(made, false, false),
                !limits.allow(made, occasion == Occasion.VIDEO, occasion == Occasion.REFRESH));
    }

    /** Without any calls left at all, none begins; those that were counted leave. */
    private Optional<Exhausted> usedUpFor(Occasion occasion, Night tonight, boolean all, boolean thoseOfItsKind) {
        if (all) {
            pacer.giveNoMore(allowance.toString());
            return Optional.of(new Exhausted(allowance.toString(), Exhausted.Whose.OURS, tonight.ends()));
        }
        return thoseOfItsKind ? Optional.of(usedUp(occasion, tonight)) : Optional.empty();
    }

    private synchronized void giveBack(Occasion occasion) {
        learnt++;
        allowance.giveBack();
        DailyQuota limit = limitOf(occasion);
        if (limit != null) {
            limit.giveBack();
        }
    }

    private FetchOutcome ask(Endpoint endpoint, CallRecord call, RateLimiter.Turn turn, Instant notBefore) {
        NoteId id = call.id();
        Instant sentAt = call.sentAt();
        Exchange exchange = withoutToken(id, exchange(endpoint, id));
        Duration took = Duration.ofNanos(System.nanoTime() - turn.sentAt());
        Instant answered = later(sentAt, now());
        // two answers about one note are told apart by when they were received
        Instant receivedAt = later(notBefore, answered);
        Optional<ResponseReader.Answer> read =
                exchange.body() == null || exchange.fault() != null ? Optional.empty() : read(exchange.body(), id);
        Optional<NoteId> other = read.flatMap(this::misdirectedFrom);
        if (other.isPresent()) {
            exchange = redirect(call, exchange, other.get());
        }
        Optional<ResponseReader.Answer> answer = other.isPresent() ? Optional.empty() : read;
        ProviderReply reply = reply(exchange, answer);
        boolean ofYesterday = isOfYesterday(reply, sentAt, answered);
        boolean notReset = !ofYesterday && isPerhapsNotReset(reply, answered);
        stopCallsBefore(reply, ofYesterday, notReset, turn, exchange, answered);
        boolean isKept = reply.billed() == Billed.YES || reply.isUnreadable();
        byte[] kept = isKept ? exchange.kept() : null;
        long number = journal.received(call, reply, kept, receivedAt, took);
        if (http.isAborted() && exchange.fault() != null) {
            throw new CallsEndedException("the call was given up, " + reply);
        }
        if (answer.isEmpty()) {
            boolean throttled = Integer.valueOf(429).equals(exchange.status());
            return new Deferred(reply, throttled ? Cause.THROTTLED : Cause.FAULT);
        }
        if (ofYesterday) {
            return new Deferred(reply, Cause.THROTTLED);
        }
        if (notReset) {
            log.warn(
                    "The provider's daily quota ({}) is used up before the first billed response of the day; calls pause for {} min",
                    reply,
                    RESET_PAUSE.toMinutes());
            return new Deferred(reply, Cause.NOT_RESET);
        }
        return interpret(id, number, answered, receivedAt, exchange, answer.get(), reply);
    }

    /** Of a large body without the note, which is read again when there is memory for it. */
    private Optional<ResponseReader.Answer> read(byte[] body, NoteId id) {
        if (!ResponseMemory.isLarge(body.length)) {
            return reader.read(body, id);
        }
        largeAnswer.lock();
        try {
            return reader.read(body, id).map(ResponseReader.Answer::withoutTree);
        } finally {
            largeAnswer.unlock();
        }
    }

    /**
     * The note that a response is about, where this client asked about that one lately: then it is the response to that
     * request, which came on the connection of another one.
     */
    private Optional<NoteId> misdirectedFrom(ResponseReader.Answer answer) {
        return answer.note().isPresent() ? Optional.empty() : answer.other().filter(asked::has);
    }

    /**
     * Gives a response to the request that it belongs to, if that is still on its way. The connections may all be
     * behind by a response, so none is used again.
     *
     * @return what this call is left with, which may have been billed
     */
    private Exchange redirect(CallRecord call, Exchange exchange, NoteId other) {
        http.closeIdle();
        boolean isTaken = underWay.stream()
                .filter(flight -> flight.endpoint == call.endpoint())
                .filter(flight -> flight.id.equals(other))
                .findFirst()
                .map(flight -> flight.end(exchange))
                .orElse(false);
        log.warn(
                "Note {}: the response is about note {}; {}, and the connections are closed",
                call.id(),
                other,
                isTaken ? "that note's call takes it" : "it is discarded");
        return new Exchange(exchange.status(), null, "the response is about note " + other, true, null);
    }

    /** A quota that was used up before midnight says nothing of the day that has begun since. */
    private boolean isOfYesterday(ProviderReply reply, Instant sentAt, Instant answered) {
        boolean isDayBegun = Night.of(sentAt).equals(Night.of(sentAt.minus(behind)));
        return ProviderCode.DAILY_QUOTA.is(reply.code())
                && (!isDayBegun || !quotaEnds(sentAt).isAfter(answered));
    }

    /** Whether the provider may still count the day before: nothing was billed in this one. */
    private boolean isPerhapsNotReset(ProviderReply reply, Instant answered) {
        Instant begins = Night.of(answered.minus(behind)).begins().plus(behind);
        return ProviderCode.DAILY_QUOTA.is(reply.code())
                && answered.isBefore(begins.plus(RESET_WITHIN))
                && !journal.hasBilledSince(begins);
    }

    /** What an end of the night, or a pause, must prevent begins before anything slow is done. */
    private void stopCallsBefore(
            ProviderReply reply,
            boolean ofYesterday,
            boolean notReset,
            RateLimiter.Turn turn,
            Exchange exchange,
            Instant answered) {
        if (reply.code() == null) {
            if (Integer.valueOf(429).equals(exchange.status())) {
                pacer.throttled(turn, exchange.retryAfter());
            }
            return;
        }
        if (ofYesterday) {
            pacer.throttled(turn, exchange.retryAfter());
            return;
        }
        if (notReset) {
            pacer.throttled(turn, RESET_PAUSE);
            return;
        }
        switch (ProviderCode.meaning(reply.code())) {
            case TOO_FAST -> pacer.throttled(turn, exchange.retryAfter());
            case FAULT -> pacer.answered(turn);
            case QUOTA_USED_UP, ACCOUNT_REFUSED -> {
                ending = ends(reply, answered);
                pacer.end(reply.toString());
                journal.stopped(reply, answered);
            }
            case ANSWERED, ABSENT, NOT_COLLECTED, REQUEST_REFUSED, UNKNOWN -> {
                answeredAt = System.nanoTime();
                pacer.answered(turn);
            }
        }
    }

    private FetchOutcome interpret(
            NoteId id,
            long call,
            Instant answered,
            Instant receivedAt,
            Exchange exchange,
            ResponseReader.Answer answer,
            ProviderReply reply) {
        return switch (ProviderCode.meaning(answer.code())) {
            case ANSWERED -> success(id, call, receivedAt, exchange, answer, reply);
            case ABSENT -> new Missing(reply, true);
            case NOT_COLLECTED -> new Deferred(reply, Cause.COLLECTION);
            case TOO_FAST -> new Deferred(reply, Cause.THROTTLED);
            case QUOTA_USED_UP, ACCOUNT_REFUSED -> ends(reply, answered);
            case REQUEST_REFUSED -> new Rejected(reply);
            case FAULT -> new Deferred(reply, Cause.FAULT);
            case UNKNOWN -> {
                log.warn(
                        "Note {}: the provider answers {}, a code that is not documented; it will be asked again",
                        id,
                        reply);
                yield new Deferred(reply, Cause.COLLECTION);
            }
        };
    }

    private FetchOutcome ends(ProviderReply reply, Instant answered) {
        return ProviderCode.DAILY_QUOTA.is(reply.code())
                ? new Exhausted(
                        "the provider's daily quota (" + reply + ")", Exhausted.Whose.PROVIDER, quotaEnds(answered))
                : new Blocked(reply);
    }

    /**
     * What ended the calls since {@link #open}, {@link Exhausted} or {@link Blocked}: also for those that did not
     * receive that response. Empty when no response has.
     */
    public Optional<FetchOutcome> ending() {
        return Optional.ofNullable(ending);
    }

    private static FetchOutcome success(
            NoteId id,
            long call,
            Instant receivedAt,
            Exchange exchange,
            ResponseReader.Answer answer,
            ProviderReply reply) {
        byte[] body = exchange.body();
        if (answer.note().isEmpty() || body == null) {
            log.warn(
                    "Note {}: the provider answers success without this note ({})",
                    id,
                    ResponseReader.shorten(answer.shape()));
            return new Missing(reply, false);
        }
        return new Found(answer.note().get().capture(id, call, receivedAt, body));
    }

    private ProviderReply reply(Exchange exchange, Optional<ResponseReader.Answer> answer) {
        if (answer.isPresent()) {
            ResponseReader.Answer read = answer.get();
            String message = ProviderCode.SUCCESS.is(read.code()) && read.note().isEmpty()
                    ? ResponseReader.shorten("success without the note: " + read.shape())
                    : read.message();
            return new ProviderReply(
                    read.code(), exchange.status(), message, read.requestId(), ProviderCode.billed(read.code()));
        }
        if (exchange.fault() != null) {
            return ProviderReply.fault(
                    exchange.fault(), exchange.status(), exchange.sent() ? Billed.UNKNOWN : Billed.NO);
        }
        boolean throttled = Integer.valueOf(429).equals(exchange.status());
        return ProviderReply.fault(
                "the answer is not the provider's envelope", exchange.status(), throttled ? Billed.NO : Billed.UNKNOWN);
    }

    /** The provider may repeat the token, and an answer is kept for ever. */
    private Exchange withoutToken(NoteId id, Exchange exchange) {
        byte[] body = exchange.body();
        Optional<byte[]> erased = body == null ? Optional.empty() : echo.erasedFrom(body);
        if (erased.isEmpty()) {
            return exchange;
        }
        log.warn("Note {}: the provider's answer repeats our token; stars are kept in its place", id);
        return new Exchange(exchange.status(), erased.get(), exchange.fault(), exchange.sent(), exchange.retryAfter());
    }

    private Exchange exchange(Endpoint endpoint, NoteId id) {
        HttpGet request = new HttpGet(address(endpoint, id));
        Flight flight = new Flight(endpoint, id, request);
        underWay.add(flight);
        asked.add(id);
        try {
            return http.execute(request, settings.responseTimeout(), this::read);
        } catch (IOException e) {
            Exchange misdirected = flight.misdirected;
            return misdirected != null ? misdirected : Exchange.fault(echo.describe(e), !neverLeft(e));
        } finally {
            underWay.remove(flight);
        }
    }

    private URI address(Endpoint endpoint, NoteId id) {
        try {
            return new URIBuilder(settings.baseUrl())
                    .setPath(endpoint.path())
                    .addParameter("token", settings.token().value())
                    .addParameter("noteId", id.value())
                    .build();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("archive.source.base-url cannot be extended by " + endpoint.path());
        }
    }

    private Exchange read(ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        Body body = entity == null ? new Body(new byte[0], true) : body(entity);
        if (!body.isWhole) {
            return new Exchange(
                    response.getCode(),
                    body.bytes,
                    "the answer is longer than " + settings.maxAnswerSize(),
                    true,
                    null);
        }
        EntityUtils.consume(entity);
        return new Exchange(
                response.getCode(), body.bytes, null, true, retryAfter(response.getFirstHeader("Retry-After")));
    }

    /** An unpacked body, or the beginning of one that is longer than allowed. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Body(byte[] bytes, boolean isWhole) {}

    private Body body(HttpEntity entity) throws IOException {
        long limit = settings.maxAnswerSize().toBytes();
        long announced = entity.getContentLength();
        if (announced > limit) {
            return new Body(new byte[0], false);
        }
        InputStream content = entity.getContent();
        byte[] body = content.readNBytes((int) Math.min(limit + 1, ResponseMemory.ORDINARY_SIZE));
        int size = body.length;
        int more = size < ResponseMemory.ORDINARY_SIZE ? -1 : 0;
        while (more >= 0 && size <= limit && size != announced) {
            if (size == body.length) {
                long room = announced > size ? announced : 2L * size;
                body = Arrays.copyOf(body, (int) Math.min(limit + 1, room));
            }
            more = content.read(body, size, body.length - size);
            size += Math.max(more, 0);
        }
        if (size > limit) {
            return new Body(Arrays.copyOf(body, Math.min(size, ResponseMemory.ORDINARY_SIZE)), false);
        }
        return new Body(size == body.length ? body : Arrays.copyOf(body, size), true);
    }

    private @Nullable Duration retryAfter(@Nullable Header header) {
        if (header == null) {
            return null;
        }
        String value = header.getValue().strip();
        if (value.matches("\\d{1,6}")) {
            return Duration.ofSeconds(Long.parseLong(value));
        }
        try {
            Duration wait =
                    Duration.between(clock.instant(), ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME));
            return wait.isNegative() ? null : wait;
        } catch (DateTimeParseException notADate) {
            return null;
        }
    }

    private static boolean neverLeft(IOException e) {
        return e instanceof ConnectException
                || e instanceof ConnectTimeoutException
                || e instanceof UnknownHostException
                || e instanceof NoRouteToHostException
                || e instanceof SSLHandshakeException
                || e instanceof SSLPeerUnverifiedException;
    }

    private Instant now() {
        return millis(clock.instant());
    }

    /** What a column, a file name and a report can all hold. */
    private static Instant millis(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MILLIS);
    }

    /** A clock that was set back must not make an answer older than its question. */
    private static Instant later(Instant a, Instant b) {
        return b.isBefore(a) ? a : b;
    }

    @Override
    public void close() {
        http.close();
    }

    /** The notes of the last requests. */
    private static final class AskedNotes {

        /** Above what can be in flight, twice. */
        private static final int MOST = 256;

        private final Set<NoteId> ids = new LinkedHashSet<>();

        synchronized void add(NoteId id) {
            ids.remove(id);
            ids.add(id);
            if (ids.size() > MOST) {
                ids.remove(ids.iterator().next());
            }
        }

        synchronized boolean has(NoteId id) {
            return ids.contains(id);
        }
    }

    /** A request on its way. */
    private static final class Flight {

        private final Endpoint endpoint;
        private final NoteId id;
        private final HttpGet request;

        /** Its response, where that came on the connection of another request. */
        private volatile @Nullable Exchange misdirected;

        private Flight(Endpoint endpoint, NoteId id, HttpGet request) {
            this.endpoint = endpoint;
            this.id = id;
            this.request = request;
        }

        /** Ends it with the response; what still comes by its own connection is not waited for. */
        private boolean end(Exchange response) {
            misdirected = response;
            request.abort();
            return true;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Exchange(
            @Nullable Integer status,
            byte @Nullable [] body,
            @Nullable String fault,
            boolean sent,
            @Nullable Duration retryAfter) {

        /** What of the body is kept; of a cut one without its end, which may be half a token. */
        byte @Nullable [] kept() {
            if (body == null || fault == null) {
                return body;
            }
            return body.length > LONGEST_TOKEN ? Arrays.copyOf(body, body.length - LONGEST_TOKEN) : null;
        }

        static Exchange fault(String fault, boolean sent) {
            return new Exchange(null, null, fault, sent, null);
        }
    }
}
