package io.github.notearchive.provider;

import io.github.notearchive.note.Billed;
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
import io.github.notearchive.provider.NightlyQuota.CallKind;
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Client of JustOneAPI's {@code get-note-detail/v1}, and {@code v6} for videos: one HTTP request a fetch, which is
 * never repeated here. Both share the rate limit and its pauses. Thread-safe.
 *
 * <p>The code in the body has precedence over the HTTP status, since the vendor sends its envelope with any status. A
 * body without an envelope is a fault of the transport.
 */
@Component
public class JustOneApiClient implements NoteClient, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JustOneApiClient.class);

    /** Pause after a 303 that may concern the quota of the day before. */
    private static final Duration RESET_PAUSE = Duration.ofMinutes(10);

    private final CallRecorder recorder;
    private final ResponseReader reader;
    private final ResponseMemory memory;
    private final Clock clock;
    private final RateLimiter limiter;
    private final NightlyQuota quota;
    private final QuotaDay quotaDay = new QuotaDay();
    private final RequestSender sender;
    private volatile Consumer<StopNotice> onStop = _ -> {};

    /** Outcome of the response that ended the calls; null if none has. */
    private volatile @Nullable FetchOutcome ending;

    private volatile long respondedAt = System.nanoTime();

    public JustOneApiClient(
            NoteSourceProperties settings,
            VideoProperties videoSettings,
            RefreshProperties refreshSettings,
            CallRecorder recorder,
            RateLimitStore rateLimit,
            ResponseReader reader,
            ResponseMemory memory,
            Clock clock) {
        this.recorder = recorder;
        this.reader = reader;
        this.memory = memory;
        this.clock = clock;
        this.limiter = new RateLimiter(settings, rateLimit, System::nanoTime);
        this.quota = new NightlyQuota(new CallLimits(
                settings.callsPerNight(),
                videoSettings.callsPerNight(),
                refreshSettings.callsAllowed(settings.callsPerNight())));
        this.sender = new RequestSender(settings, reader, clock);
    }

    /**
     * Allows calls.
     *
     * @param made calls of the night so far
     * @param alone whether no other node runs, so that the pause of an earlier run is removed
     * @param stopListener is called when a response to another node has ended the calls of all nodes, before any
     *     waiting call fails
     */
    public void open(Night tonight, NightlyCalls made, boolean alone, Consumer<StopNotice> stopListener) {
        sender.resume();
        ending = null;
        onStop = stopListener;
        quota.update(tonight, made);
        limiter.open(alone);
    }

    /**
     * Sets the difference of the clocks. A quota day then ends at the later of the two midnights. A difference above 10
     * minutes is ignored.
     *
     * @param ahead by how much the provider's clock is ahead of ours; negative if it is behind
     */
    public void providersClockIsAhead(Duration ahead) {
        quotaDay.setOffset(ahead);
    }

    /** Ends calls; those in flight are not affected. */
    public void end(String reason) {
        limiter.end(reason);
    }

    /**
     * Ends calls and aborts those in flight, with a {@link CallsEndedException} each, since the note is not the cause.
     * They are recorded as possibly billed.
     */
    public void abort() {
        limiter.end("aborted");
        sender.abort();
    }

    /** Whether a response that concerns a note, and is no fault, was received after this {@link System#nanoTime}. */
    public boolean hasAnsweredSince(long nanos) {
        return respondedAt - nanos > 0;
    }

    /**
     * Returns the outcome that ended the calls since {@link #open}, {@link Exhausted} or {@link Blocked}, to any
     * caller. Empty if no response has.
     */
    public Optional<FetchOutcome> ending() {
        return Optional.ofNullable(ending);
    }

    /** Returns how many calls of any kind our own limit leaves tonight. */
    public long callsLeft() {
        return quota.left(CallKind.NOTE, Night.current(clock));
    }

    /** Returns how many calls about archived notes our own limits leave tonight. */
    public long refreshesLeft() {
        return Math.min(callsLeft(), quota.left(CallKind.REFRESH, Night.current(clock)));
    }

    @Override
    public FetchOutcome fetch(FetchRequest request) throws InterruptedException {
        return fetch(request, Instant.MIN);
    }

    /**
     * Fetches a note whose stored response is not sufficient.
     *
     * @param notBefore earliest time of the new response, even if the clock is earlier: the time identifies a response
     */
    public FetchOutcome fetch(FetchRequest request, Instant notBefore) throws InterruptedException {
        return fetch(CallKind.NOTE, request, notBefore);
    }

    @Override
    public FetchOutcome refresh(FetchRequest request, Instant since) throws InterruptedException {
        return fetch(CallKind.REFRESH, request, since);
    }

    @Override
    public FetchOutcome fetchVideo(FetchRequest request, NoteCapture detail) throws InterruptedException {
        return fetch(CallKind.VIDEO, request, detail.capturedAt().plusMillis(1));
    }

    private FetchOutcome fetch(CallKind kind, FetchRequest request, Instant notBefore) throws InterruptedException {
        Optional<Exhausted> exhausted = kind == CallKind.NOTE
                ? Optional.empty()
                : quota.exhaustedKind(kind, Night.current(clock)); // without waiting for a permit
        if (exhausted.isPresent()) {
            return exhausted.get();
        }
        FetchOutcome outcome = call(kind, request, notBefore);
        return outcome instanceof Found(var capture) ? new Found(withNote(capture)) : outcome;
    }

    /** Parses a large response when there is memory for it; calls do not wait for that. */
    private NoteCapture withNote(NoteCapture capture) {
        if (!capture.envelope().isMissingNode()) {
            return capture;
        }
        NoteId id = capture.id();
        memory.take(id, capture.answer().length);
        return reader.read(capture.answer(), id)
                .flatMap(Envelope::note)
                .map(note -> note.capture(id, capture.callId(), capture.capturedAt(), capture.answer()))
                .orElseThrow();
    }

    private FetchOutcome call(CallKind kind, FetchRequest request, Instant notBefore) throws InterruptedException {
        try (RateLimiter.Permit permit = limiter.acquire()) {
            Instant sentAt = millis(clock.instant().plus(permit.untilSendTime()));
            Night tonight = Night.of(sentAt);
            Optional<Exhausted> exhausted = quota.limitReached(kind, tonight);
            if (exhausted.isPresent()) {
                return limited(exhausted.get());
            }
            long version = quota.version();
            return switch (recorder.sending(
                    request, kind.endpoint(), sentAt, kind == CallKind.REFRESH, quota.limits())) {
                case CallAdmission.Written(var call, var made, var backoffEpoch) -> {
                    if (made != null) {
                        quota.update(tonight, made, version);
                    }
                    awaitSendTime(permit, backoffEpoch, kind, call, made != null);
                    yield send(call, permit, notBefore);
                }
                case CallAdmission.OverLimit(var made) -> {
                    quota.update(tonight, made, version);
                    // by the number of this call: the known one may be that of a later call
                    yield limited(quota.limitReached(kind, tonight, made)
                            .orElseThrow(() -> new IllegalStateException(
                                    "The ledger rejects a call within our own limits: " + made)));
                }
                case CallAdmission.Stopped(var stop) -> {
                    onStop.accept(stop);
                    limiter.end(stop.toString());
                    throw new CallsEndedException(stop.toString());
                }
                case CallAdmission.Unclaimed _ -> new Unclaimed();
                case CallAdmission.Outstanding(var call) -> new Outstanding(call);
            };
        }
    }

    /** Ends permits if the limit of all calls is reached; calls that were counted are sent. */
    private Exhausted limited(Exhausted exhausted) {
        if (exhausted.whose() == Exhausted.Whose.OURS) {
            limiter.endPermits(exhausted.quota());
        }
        return exhausted;
    }

    /** Waits until the call may be sent; if it must not, its record is removed. */
    private void awaitSendTime(
            RateLimiter.Permit permit, long backoffEpoch, CallKind kind, CallRecord call, boolean isCounted)
            throws InterruptedException {
        try {
            permit.awaitSendTime(backoffEpoch);
        } catch (RuntimeException | InterruptedException e) {
            try {
                recorder.notSent(call, quota.limits());
            } catch (RuntimeException notRemoved) {
                e.addSuppressed(notRemoved); // the record remains, as a call without response
            }
            if (isCounted) {
                quota.subtract(kind);
            }
            throw e;
        }
    }

    private FetchOutcome send(CallRecord call, RateLimiter.Permit permit, Instant notBefore) {
        ProviderResponse response = sender.send(call);
        Duration took = Duration.ofNanos(System.nanoTime() - permit.sentAt());
        // a clock that was set back must not make a response older than its request, or than the previous response
        Instant endedAt = later(call.sentAt(), millis(clock.instant()));
        Instant receivedAt = later(notBefore, endedAt);
        ProviderReply reply = response.reply();
        FetchOutcome outcome = outcome(call, reply, response, endedAt, receivedAt);
        observe(outcome, reply, permit, response.retryAfter(), endedAt);
        boolean isStored = reply.billed() == Billed.YES || reply.isUnreadable();
        long number = recorder.received(call, reply, isStored ? response.stored() : null, receivedAt, took);
        if (sender.isAborted() && response.fault() != null) {
            throw new CallsEndedException("the call was aborted, " + reply);
        }
        return outcome instanceof Found(var capture) ? new Found(capture.boughtBy(number)) : outcome;
    }

    private FetchOutcome outcome(
            CallRecord call, ProviderReply reply, ProviderResponse response, Instant endedAt, Instant receivedAt) {
        if (response.envelope().isEmpty()) {
            return new Deferred(reply, response.isThrottled() ? Cause.THROTTLED : Cause.FAULT);
        }
        Envelope envelope = response.envelope().get();
        return switch (ProviderCode.meaning(envelope.code())) {
            case ANSWERED -> {
                if (envelope.note().isEmpty()) {
                    log.warn("Note {}: the provider's response is {}", call.id(), reply);
                    yield new Missing(reply, false);
                }
                byte[] body = Objects.requireNonNull(response.body());
                yield new Found(envelope.note().get().capture(call.id(), call.number(), receivedAt, body));
            }
            case ABSENT -> new Missing(reply, true);
            case NOT_COLLECTED -> new Deferred(reply, Cause.NOT_COLLECTED);
            case TOO_FAST -> new Deferred(reply, Cause.THROTTLED);
            case QUOTA_USED_UP -> quotaUsedUp(call, reply, endedAt);
            case ACCOUNT_REFUSED -> new Blocked(reply);
            case REQUEST_REFUSED -> new Rejected(reply);
            case FAULT -> new Deferred(reply, Cause.FAULT);
            case UNKNOWN -> {
                log.warn("Note {}: undocumented {}; it will be fetched again", call.id(), reply);
                yield new Deferred(reply, Cause.NOT_COLLECTED);
            }
        };
    }

    private FetchOutcome quotaUsedUp(CallRecord call, ProviderReply reply, Instant endedAt) {
        if (quotaDay.endedBetween(call.sentAt(), endedAt)) {
            return new Deferred(reply, Cause.THROTTLED);
        }
        if (quotaDay.isJustBegun(endedAt) && !recorder.hasBilledSince(quotaDay.begins(endedAt))) {
            log.warn(
                    "The provider's daily quota ({}) is used up before the first billed response; calls pause for {} min",
                    reply,
                    RESET_PAUSE.toMinutes());
            return new Deferred(reply, Cause.NOT_RESET);
        }
        return new Exhausted(
                "the provider's daily quota (" + reply + ")", Exhausted.Whose.PROVIDER, quotaDay.ends(endedAt));
    }

    /** Pauses or ends the calls of this node, before anything slow is done. */
    private void observe(
            FetchOutcome outcome,
            ProviderReply reply,
            RateLimiter.Permit permit,
            @Nullable Duration retryAfter,
            Instant endedAt) {
        switch (outcome) {
            case Found _, Missing _, Rejected _ -> responded(permit);
            case Deferred(var _, var cause) -> {
                switch (cause) {
                    case NOT_COLLECTED -> responded(permit);
                    case THROTTLED -> limiter.throttled(permit, retryAfter);
                    case NOT_RESET -> limiter.throttled(permit, RESET_PAUSE);
                    case FAULT -> {
                        if (reply.code() != null) {
                            limiter.responded(permit);
                        }
                    }
                }
            }
            case Exhausted _, Blocked _ -> {
                ending = outcome;
                limiter.end(reply.toString());
                recorder.stopped(reply, endedAt);
            }
            case Unclaimed _, Outstanding _ -> throw new IllegalStateException("No request was sent");
        }
    }

    private void responded(RateLimiter.Permit permit) {
        respondedAt = System.nanoTime();
        limiter.responded(permit);
    }

    /** Truncates a time to the precision of columns, file names and reports. */
    private static Instant millis(Instant instant) {
        return instant.truncatedTo(ChronoUnit.MILLIS);
    }

    private static Instant later(Instant a, Instant b) {
        return b.isBefore(a) ? a : b;
    }

    @Override
    public void close() {
        sender.close();
    }
}
