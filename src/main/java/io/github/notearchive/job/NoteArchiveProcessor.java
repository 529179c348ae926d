package io.github.notearchive.job;

import io.github.notearchive.job.MediaCollector.Collected;
import io.github.notearchive.job.NoteDisposition.Archived;
import io.github.notearchive.job.NoteDisposition.Failed;
import io.github.notearchive.job.NoteDisposition.Postponed;
import io.github.notearchive.job.NoteDisposition.Released;
import io.github.notearchive.job.NoteDisposition.Unavailable;
import io.github.notearchive.ledger.ApiCalls;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.source.CallsEndedException;
import io.github.notearchive.source.NoteDetailClient;
import io.github.notearchive.source.NoteDetailOutcome;
import io.github.notearchive.source.NoteDetailOutcome.Blocked;
import io.github.notearchive.source.NoteDetailOutcome.Deferred;
import io.github.notearchive.source.NoteDetailOutcome.Exhausted;
import io.github.notearchive.source.NoteDetailOutcome.Found;
import io.github.notearchive.source.NoteDetailOutcome.Missing;
import io.github.notearchive.source.NoteDetailOutcome.Rejected;
import io.github.notearchive.source.ProviderReply;
import io.github.notearchive.worklist.ClaimedNote;
import io.github.notearchive.worklist.NoteState;
import io.github.notearchive.worklist.Settlement;
import io.github.notearchive.worklist.Settlement.Counter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.ItemProcessor;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;

/** Decides what becomes of one note. Drops none: each item in is one disposition out. */
@Component
class NoteArchiveProcessor implements ItemProcessor<ClaimedNote, NoteDisposition> {

    private static final Logger log = LoggerFactory.getLogger(NoteArchiveProcessor.class);

    private static final Duration GATE_FOLLOWS = Duration.ofSeconds(90);

    private final NoteDetailClient source;
    private final ApiCalls calls;
    private final MediaCollector media;
    private final RunGate gate;
    private final SourceGate sourceGate;
    private final ActiveRuns runs;
    private final ArchiveProperties settings;
    private final Clock clock;

    NoteArchiveProcessor(
            NoteDetailClient source,
            ApiCalls calls,
            MediaCollector media,
            RunGate gate,
            SourceGate sourceGate,
            ActiveRuns runs,
            ArchiveProperties settings,
            Clock clock) {
        this.source = source;
        this.calls = calls;
        this.media = media;
        this.gate = gate;
        this.sourceGate = sourceGate;
        this.runs = runs;
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public NoteDisposition process(ClaimedNote claimed) {
        try {
            return decide(claimed, source.fetch(claimed.id()), null);
        } catch (CallsEndedException e) {
            return releasedAtEnd(claimed, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Released(claimed, "interrupted");
        } catch (DataAccessException | TransactionException e) {
            throw e; // the database, not the note
        } catch (RuntimeException e) {
            log.warn("Note {}: its answer could not be worked on; it is put off", claimed.id(), e);
            return postponedByMedia(claimed, null, "unforeseen: " + e, true);
        }
    }

    /**
     * Calls end a moment before the gate closes; a note handed back sooner would only be claimed
     * again.
     */
    private Released releasedAtEnd(ClaimedNote claimed, CallsEndedException e) {
        try {
            if (!gate.awaitClosed(GATE_FOLLOWS)) {
                gate.close(ExitCode.FAILED, "calls ended without a reason: " + e.getMessage());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return new Released(claimed, String.valueOf(e.getMessage()));
    }

    private NoteDisposition decide(
            ClaimedNote claimed, NoteDetailOutcome outcome, @Nullable Collected before)
            throws InterruptedException {
        Harvest harvest = before == null ? null : before.harvest();
        return switch (outcome) {
            case Found(var capture) -> {
                runs.current().provider().works();
                yield before == null
                        ? collect(claimed, capture)
                        : collectAgain(claimed, capture, before);
            }
            case Missing(var reply, var certain) -> {
                runs.current().provider().works();
                yield missing(claimed, reply, certain, harvest);
            }
            case Rejected(var reply) -> {
                runs.current().provider().works();
                log.warn(
                        "Note {}: the provider rejects our request, {}; it will not be asked about again",
                        claimed.id(),
                        reply);
                yield new Failed(
                        claimed, harvest, failed(Counter.CALL, reply.code(), "rejected: " + reply));
            }
            case Deferred(var reply, var cause) -> deferred(claimed, reply, cause, harvest);
            case Exhausted(var quota, var byProvider, var until) -> {
                if (byProvider) {
                    sourceGate.close(303, quota, until, runs.current().jobExecutionId());
                }
                yield endRun(
                        claimed,
                        harvest,
                        ExitCode.QUOTA_EXHAUSTED,
                        quota + " is used up until " + Night.local(until));
            }
            case Blocked(var reply) ->
                    endRun(claimed, harvest, blockedBy(reply), String.valueOf(reply));
        };
    }

    private static ExitCode blockedBy(ProviderReply reply) {
        return switch (reply.code() == null ? 0 : reply.code()) {
            case 600 -> ExitCode.BLOCKED_PERMISSION;
            case 601, 602 -> ExitCode.BLOCKED_BALANCE;
            default -> ExitCode.BLOCKED_TOKEN;
        };
    }

    private Released endRun(
            ClaimedNote claimed, @Nullable Harvest harvest, ExitCode exitCode, String reason) {
        gate.close(exitCode, reason);
        if (harvest != null) {
            harvest.close();
        }
        return new Released(claimed, reason);
    }

    private NoteDisposition missing(
            ClaimedNote claimed, ProviderReply reply, boolean certain, @Nullable Harvest harvest) {
        Night tonight = Night.current(clock);
        if (!certain && claimed.wasMissingBefore(tonight).isEmpty()) {
            Settlement later =
                    new Settlement(
                            NoteState.POSTPONED,
                            Counter.NONE,
                            tonight.ends(),
                            reply.code(),
                            "not in the answer: " + reply + "; asked once more on a later night",
                            tonight,
                            false);
            return new Postponed(claimed, harvest, later);
        }
        if (harvest != null) {
            harvest.close();
        }
        return new Unavailable(
                claimed,
                new Settlement(
                        NoteState.UNAVAILABLE,
                        Counter.NONE,
                        clock.instant().plus(settings.recheckUnavailableAfter()),
                        reply.code(),
                        "not there: " + reply,
                        null,
                        false));
    }

    private NoteDisposition deferred(
            ClaimedNote claimed,
            ProviderReply reply,
            Deferred.Cause cause,
            @Nullable Harvest harvest) {
        OutageDetector provider = runs.current().provider();
        boolean outage =
                switch (cause) {
                    case COLLECTION -> {
                        provider.works();
                        yield false;
                    }
                    case FAULT -> provider.fails();
                    case THROTTLED -> provider.struggles();
                };
        if (outage) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    "the provider has given nothing but trouble for a while, at last " + reply);
        }
        if (cause == Deferred.Cause.THROTTLED) {
            if (harvest != null) {
                harvest.close();
            }
            return new Released(claimed, String.valueOf(reply));
        }
        int times = claimed.attemptsTonight() + 1;
        if (claimed.attempts() + 1 >= settings.retry().perLife()) {
            log.warn(
                    "Note {}: put off {} times, at last by {}; given up until somebody requeues it",
                    claimed.id(),
                    claimed.attempts() + 1,
                    reply);
            return new Failed(
                    claimed,
                    harvest,
                    failed(
                            Counter.CALL,
                            reply.code(),
                            "given up after " + (claimed.attempts() + 1) + " asks: " + reply));
        }
        return new Postponed(
                claimed,
                harvest,
                new Settlement(
                        NoteState.POSTPONED,
                        Counter.CALL,
                        nextTime(times, true),
                        reply.code(),
                        String.valueOf(reply),
                        claimed.missingNight(),
                        harvest != null));
    }

    private Instant nextTime(int times, boolean soon) {
        return soon && times < settings.retry().perNight()
                ? clock.instant().plus(settings.retry().delayAfter(times))
                : Night.current(clock).ends();
    }

    private NoteDisposition collect(ClaimedNote claimed, NoteCapture capture)
            throws InterruptedException {
        Collected collected = media.collect(capture);
        if (!collected.hasDead()) {
            return disposition(claimed, collected);
        }
        calls.mediaGone(capture.callId(), clock.instant());
        if (Night.of(capture.capturedAt()).equals(Night.current(clock))
                || gate.closure().isPresent()) {
            return disposition(claimed, collected);
        }
        // the answer is of an earlier night, so its addresses may merely have expired: one new
        // answer is bought
        log.info(
                "Note {}: addresses of the answer of {} are dead, {}; a new answer is bought",
                claimed.id(),
                capture.capturedAt(),
                collected.obstacle());
        try {
            return decide(claimed, source.fetch(claimed.id()), collected);
        } catch (CallsEndedException e) {
            collected.harvest().close();
            return releasedAtEnd(claimed, e);
        }
    }

    private NoteDisposition collectAgain(ClaimedNote claimed, NoteCapture newer, Collected before)
            throws InterruptedException {
        Collected collected = media.collect(newer, before);
        if (collected.hasDead()) {
            calls.mediaGone(newer.callId(), clock.instant());
        }
        return disposition(claimed, collected);
    }

    private NoteDisposition disposition(ClaimedNote claimed, Collected collected) {
        watchCdn(collected);
        if (collected.isComplete()) {
            return new Archived(
                    claimed,
                    collected.harvest(),
                    new Settlement(NoteState.ARCHIVED, Counter.NONE, null, 0, null, null, false));
        }
        if (gate.closure().isPresent() && collected.retrySoon()) {
            // the downloads may have been cut short by the end of the run, which is not the note's
            // fault
            collected.harvest().close();
            return new Released(claimed, "the run ended while files were missing");
        }
        if (collected.isGone()) {
            return new Failed(
                    claimed,
                    collected.harvest(),
                    failed(Counter.MEDIA, 0, "MEDIA_INCOMPLETE: " + collected.obstacle()));
        }
        return postponedByMedia(
                claimed, collected.harvest(), collected.obstacle(), collected.retrySoon());
    }

    private void watchCdn(Collected collected) {
        if (collected.served()) {
            runs.current().cdn().works();
        } else if (collected.faulty() && runs.current().cdn().fails()) {
            gate.close(
                    ExitCode.UPSTREAM_UNAVAILABLE,
                    "the media hosts have given nothing but trouble for a while, at last "
                            + collected.obstacle());
        }
    }

    private NoteDisposition postponedByMedia(
            ClaimedNote claimed, @Nullable Harvest harvest, String obstacle, boolean soon) {
        int times = claimed.mediaAttemptsTonight() + 1;
        if (claimed.mediaAttempts() + 1 >= settings.retry().perLife()) {
            log.warn(
                    "Note {}: files missing after {} times, {}; given up until somebody requeues it",
                    claimed.id(),
                    claimed.mediaAttempts() + 1,
                    obstacle);
            return new Failed(
                    claimed, harvest, failed(Counter.MEDIA, 0, "MEDIA_INCOMPLETE: " + obstacle));
        }
        return new Postponed(
                claimed,
                harvest,
                new Settlement(
                        NoteState.POSTPONED,
                        Counter.MEDIA,
                        nextTime(times, soon),
                        0,
                        obstacle,
                        null,
                        true));
    }

    private static Settlement failed(Counter counter, @Nullable Integer code, String error) {
        return new Settlement(NoteState.FAILED, counter, null, code, error, null, false);
    }
}
