package io.github.notearchive.provider;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallRecorder.CallAdmission.OverLimit;
import io.github.notearchive.provider.CallRecorder.CallAdmission.StopNotice;
import io.github.notearchive.provider.CallRecorder.CallAdmission.WrittenCall;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Deferred.DeferralCause;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.RequestSender.ProviderResponse;
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Client of JustOneAPI's {@code get-note-detail/v1}, and {@code v6} for videos: one HTTP request a fetch, which is
 * never repeated here. Both share the rate limit. The code in the body has precedence over the HTTP status; a body
 * without an envelope is a fault of the transport. Thread-safe.
 */
@Component
public class JustOneApiClient implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JustOneApiClient.class);

    /** Time after midnight within which a 303 may concern the quota of the day before, and the pause after it. */
    private static final Duration RESET_WITHIN = Duration.ofMinutes(30);

    private static final Duration RESET_PAUSE = Duration.ofMinutes(10);

    private static final Duration MAX_CLOCK_OFFSET = Duration.ofMinutes(10);

    private final CallRecorder recorder;
    private final ResponseMemory memory;
    private final Clock clock;
    private final RateLimiter limiter;
    private final NightlyQuota quota;
    private final RequestSender sender;
    private volatile Consumer<StopNotice> onStop = _ -> {};

    /** By how much the provider's clock is behind ours; zero if it is ahead. */
    private volatile Duration clockBehind = Duration.ZERO;

    /** Outcome that ended the calls; null if none has. */
    private final AtomicReference<FetchOutcome.@Nullable Ending> ending = new AtomicReference<>();

    private volatile long respondedAt = System.nanoTime();

    public JustOneApiClient(
            NoteSourceProperties settings,
            VideoProperties videoSettings,
            RefreshProperties refreshSettings,
            CallRecorder recorder,
            RateLimitStore rateLimit,
            ResponseMemory memory,
            Clock clock) {
        this.recorder = recorder;
        this.memory = memory;
        this.clock = clock;
        this.limiter = new RateLimiter(settings, rateLimit, System::nanoTime);
        this.quota = new NightlyQuota(NightlyLimits.of(settings, videoSettings, refreshSettings));
        this.sender = new RequestSender(settings, clock);
    }

    /**
     * Allows calls.
     *
     * @param stopListener called before a call fails that a response to another node has ended
     */
    public void open(Night tonight, NightlyCalls made, Consumer<StopNotice> stopListener) {
        sender.http.resume();
        ending.set(null);
        onStop = stopListener;
        quota.open(tonight, made);
        limiter.open();
    }

    /**
     * Sets by how much the provider's clock is ahead of ours; negative if it is behind. A quota day then ends at the
     * later of the two midnights. A difference above 10 minutes is an error, which the run reports, and is ignored.
     */
    public void providersClockIsAhead(Duration ahead) {
        boolean isUsable = ahead.isNegative() && ahead.abs().compareTo(MAX_CLOCK_OFFSET) <= 0;
        clockBehind = isUsable ? ahead.abs() : Duration.ZERO;
    }

    /** Ends calls that are not in flight. */
    public void end(String reason) {
        limiter.end(reason);
    }

    /**
     * Ends calls and aborts those in flight, with a {@link CallsEndedException} each. They are recorded as possibly
     * billed.
     */
    public void abort() {
        limiter.end("aborted");
        sender.http.abort();
    }

    /** Whether a response that concerns a note, and is no fault, was received after this {@link System#nanoTime}. */
    public boolean hasAnsweredSince(long nanos) {
        return respondedAt - nanos > 0;
    }

    /** Returns the outcome that has ended the calls, of any caller. */
    public Optional<FetchOutcome.Ending> ending() {
        return Optional.ofNullable(ending.get());
    }

    /** Returns whether a call waits for a time that has not come: its send time, or the end of a pause. */
    public boolean isWaiting() {
        return limiter.isWaiting();
    }

    public long callsLeft() {
        return quota.left(CallKind.NOTE, Night.current(clock));
    }

    public long refreshesLeft() {
        return Math.min(callsLeft(), quota.left(CallKind.REFRESH, Night.current(clock)));
    }

    /**
     * Fetches a note. Each wait, for rate limit, pause and response, is bounded. A repetition may be billed again.
     *
     * @param notBefore earliest time of the new response, even if the clock is earlier: the time identifies a response
     * @throws CallsEndedException if calls have ended; nothing was sent, or the call was aborted
     * @throws InterruptedException if the thread is interrupted; nothing was sent
     */
    public FetchOutcome fetch(CallKind kind, FetchRequest request, Instant notBefore) throws InterruptedException {
        Night tonight = Night.current(clock);
        if (kind != CallKind.NOTE && quota.left(kind, tonight) == 0) {
            return quota.exhausted(kind, tonight); // without waiting for a permit
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
        memory.take(id, capture.response().length);
        return ResponseReader.read(capture.response(), id)
                .flatMap(Envelope::note)
                .map(note -> note.capture(id, capture.callId(), capture.capturedAt(), capture.response()))
                .orElseThrow();
    }

    private FetchOutcome call(CallKind kind, FetchRequest request, Instant notBefore) throws InterruptedException {
        try (RateLimiter.Permit permit = limiter.acquire()) {
            Instant sentAt = millis(clock.instant().plus(permit.untilSendTime()));
            Night tonight = Night.of(sentAt);
            return switch (recorder.sending(request, kind, sentAt, quota.limits)) {
                case WrittenCall(var call, var made, var backoffEpoch) -> {
                    if (made != null) {
                        quota.update(tonight, made);
                    }
                    awaitSendTime(permit, backoffEpoch, call);
                    yield send(call, permit, notBefore);
                }
                case OverLimit(var made) -> {
                    quota.update(tonight, made);
                    // if the limit of all calls is reached, those that were counted are sent
                    boolean isOfAll = kind == CallKind.NOTE || quota.limits.left(CallKind.NOTE, made) == 0;
                    Exhausted exhausted = quota.exhausted(isOfAll ? CallKind.NOTE : kind, tonight);
                    if (isOfAll) {
                        ending.compareAndSet(null, exhausted); // a response has precedence
                        limiter.endPermits(exhausted.quota());
                    }
                    yield exhausted;
                }
                case StopNotice stop -> {
                    onStop.accept(stop);
                    limiter.end(stop.toString());
                    throw new CallsEndedException(stop.toString());
                }
                case FetchOutcome.Unclaimed unclaimed -> unclaimed;
                case FetchOutcome.Outstanding outstanding -> outstanding;
            };
        }
    }

    /** Waits until the call may be sent; if it must not, its record is removed. */
    private void awaitSendTime(RateLimiter.Permit permit, long backoffEpoch, CallRecord call)
            throws InterruptedException {
        try {
            permit.awaitSendTime(backoffEpoch);
        } catch (RuntimeException | InterruptedException e) {
            try {
                recorder.notSent(call, quota.limits);
            } catch (RuntimeException notRemoved) {
                e.addSuppressed(notRemoved); // the record remains, as a call without response
            }
            quota.subtract(call.kind());
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
        FetchOutcome outcome = outcome(call, response, endedAt, receivedAt);
        observe(outcome, response, permit, endedAt);
        boolean isStored = reply.billed() == Billed.YES || reply.isUnreadable();
        long number = recorder.received(call, reply, isStored ? response.body() : null, receivedAt, took);
        if (reply.billed() == Billed.NO) {
            quota.addUnbilled(call);
        }
        if (sender.http.isAborted() && reply.httpStatus() == null) {
            throw new CallsEndedException("the call was aborted, " + reply);
        }
        return outcome instanceof Found(var capture) ? new Found(capture.boughtBy(number)) : outcome;
    }

    private FetchOutcome outcome(CallRecord call, ProviderResponse response, Instant endedAt, Instant receivedAt) {
        ProviderReply reply = response.reply();
        if (response.envelope().isEmpty()) {
            return new Deferred(reply, reply.isThrottled() ? DeferralCause.THROTTLED : DeferralCause.FAULT);
        }
        Envelope envelope = response.envelope().get();
        return switch (ProviderCode.meaning(envelope.code())) {
            case DELIVERED -> {
                if (envelope.note().isEmpty()) {
                    log.debug("Note {}: billed response without the note, {}", call.id(), reply);
                    yield new Missing(reply, false);
                }
                byte[] body = Objects.requireNonNull(response.body());
                yield new Found(envelope.note().get().capture(call.id(), call.number(), receivedAt, body));
            }
            case ABSENT -> new Missing(reply, true);
            case NOT_COLLECTED -> new Deferred(reply, DeferralCause.NOT_COLLECTED);
            case TOO_FAST -> new Deferred(reply, DeferralCause.THROTTLED);
            case QUOTA_USED_UP -> quotaUsedUp(call, reply, endedAt);
            case ACCOUNT_REFUSED -> new FetchOutcome.Blocked(reply);
            case REQUEST_REFUSED -> new FetchOutcome.Rejected(reply);
            case FAULT -> new Deferred(reply, DeferralCause.FAULT);
            case UNKNOWN -> {
                log.warn("Note {}: undocumented {}; it will be fetched again", call.id(), reply);
                yield new Deferred(reply, DeferralCause.NOT_COLLECTED);
            }
        };
    }

    private FetchOutcome quotaUsedUp(CallRecord call, ProviderReply reply, Instant endedAt) {
        Duration behind = clockBehind;
        Night day = Night.of(endedAt.minus(behind));
        Instant begins = day.begins().plus(behind);
        // a day that ended, by either clock, between request and response is the one that the 303 concerns
        if (Stream.of(call.sentAt(), call.sentAt().minus(behind))
                .anyMatch(sent -> !Night.of(sent).equals(day))) {
            return new Deferred(reply, DeferralCause.THROTTLED);
        }
        if (endedAt.isBefore(begins.plus(RESET_WITHIN)) && !recorder.hasBilledSince(begins)) {
            String line = "The provider's daily quota ({}) is used up before the first billed response; "
                    + "calls pause for {} min";
            log.warn(line, reply, RESET_PAUSE.toMinutes());
            return new Deferred(reply, DeferralCause.NOT_RESET);
        }
        String quotaOfAll = "the provider's daily quota (code " + reply.code() + ")";
        return new Exhausted(quotaOfAll, null, day.ends().plus(behind));
    }

    /** Pauses or ends the calls of this node, before anything slow is done. */
    private void observe(FetchOutcome outcome, ProviderResponse response, RateLimiter.Permit permit, Instant endedAt) {
        ProviderReply reply = response.reply();
        switch (outcome) {
            case Deferred(var _, var cause)
            when cause.isPause() ->
                limiter.throttled(permit, cause == DeferralCause.NOT_RESET ? RESET_PAUSE : response.retryAfter());
            case Deferred(var _, var cause) when cause == DeferralCause.FAULT && reply.code() == null -> {}
            case Deferred(var _, var cause) when cause == DeferralCause.FAULT -> limiter.responded(permit);
            case Found _, Missing _, FetchOutcome.Rejected _, Deferred _ -> {
                respondedAt = System.nanoTime();
                limiter.responded(permit);
            }
            case FetchOutcome.Ending ended -> {
                ending.set(ended);
                limiter.end(reply.toString());
                recorder.stopped(reply, endedAt);
            }
            case FetchOutcome.Unclaimed _, FetchOutcome.Outstanding _ -> {} // no request was sent
        }
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
        sender.http.close();
    }

    /**
     * Calls of the night as far as this node knows, and our own limits of them. Other nodes send calls too, so the
     * ledger decides whether a call is sent, and returns the number to {@link #update}. Thread-safe.
     */
    private static final class NightlyQuota {

        private final NightlyLimits limits;
        private Night night = Night.of(Instant.EPOCH);
        private NightlyCalls made = NightlyCalls.NONE;

        NightlyQuota(NightlyLimits limits) {
            this.limits = limits;
        }

        synchronized void open(Night tonight, NightlyCalls calls) {
            night = tonight;
            made = calls;
        }

        /** Raises the numbers of calls. A smaller one of the same night is that of an earlier call. */
        synchronized void update(Night tonight, NightlyCalls calls) {
            NightlyCalls known = night.equals(tonight) ? made : NightlyCalls.NONE;
            NightlyCalls later = known.all() < calls.all()
                    ? calls.withUnbilled(known.unbilled(), known.unbilledVideos())
                    : known.withUnbilled(calls.unbilled(), calls.unbilledVideos());
            open(tonight, later);
        }

        /** Counts a call that was not billed, before the ledger returns that with the next call. */
        synchronized void addUnbilled(CallRecord call) {
            if (night.equals(Night.of(call.sentAt()))) {
                int ofVideo = call.kind() == CallKind.VIDEO ? 1 : 0;
                made = made.withUnbilled(made.unbilled() + 1, made.unbilledVideos() + ofVideo);
            }
        }

        /** Subtracts a call that was counted and not sent. */
        synchronized void subtract(CallKind kind) {
            made = made.without(kind);
        }

        synchronized long left(CallKind kind, Night tonight) {
            return limits.left(kind, tonight.compareTo(night) > 0 ? NightlyCalls.NONE : made);
        }

        /** Returns the outcome of a call that the limits of this kind do not allow. */
        synchronized Exhausted exhausted(CallKind kind, Night tonight) {
            String quota = "our own limit of " + limits.reached(kind, made) + " a night";
            return new Exhausted(quota, kind, tonight.ends());
        }
    }
}
