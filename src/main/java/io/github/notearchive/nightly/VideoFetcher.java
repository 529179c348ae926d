package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.nightly.VideoOutcome.Unanswered;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.CallsEndedException;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Rejected;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import io.github.notearchive.provider.ProviderReply;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches the video of a note whose own response offers none, with a second call. */
class VideoFetcher {

    // all lines about the decision on a note use one logger
    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    private final VideoFiles videos;
    private final NoteFetcher fetcher;
    private final RunHealth health;
    private final CallLedger ledger;
    private final Clock clock;

    VideoFetcher(VideoFiles videos, NoteFetcher fetcher, RunHealth health, CallLedger ledger, Clock clock) {
        this.videos = videos;
        this.fetcher = fetcher;
        this.health = health;
        this.ledger = ledger;
        this.clock = clock;
    }

    /**
     * Fetches the note's video if a call is required. If the outcome stops the run, the note's other files are
     * collected nevertheless.
     */
    VideoOutcome answer(NewNote note, NoteCapture capture) throws InterruptedException {
        if (!videos.isCallRequired(note, capture)) {
            return videos.known(capture);
        }
        FetchOutcome outcome;
        try {
            outcome = fetcher.video(note, capture);
        } catch (CallsEndedException e) {
            health.awaitEnd(e);
            return new Unanswered.Ended("its video was not fetched: " + e.getMessage());
        }
        return switch (outcome) {
            case Found(var answer) -> new VideoOutcome.Answered(answer);
            case Missing(var reply, var certain) -> withoutVideo(note, reply, certain);
            case Rejected(var reply) -> {
                log.warn("Note {}: the provider rejected the request for its video, {}; not retried", note.id(), reply);
                yield new Unanswered.Refused("the call for it was rejected: " + reply, reply);
            }
            case Deferred(var reply, var cause) -> new Unanswered.Repeated("the call for it: " + reply, reply, cause);
            case Exhausted(var quota, var whose, var until)
            when whose == Exhausted.Whose.OURS_FOR_VIDEOS ->
                new Unanswered.Later(quota + " is used up until " + Night.local(until), until);
            case Exhausted exhausted -> new Unanswered.Ended(health.stop(exhausted, "for a video: "));
            case Outstanding call ->
                new Unanswered.Later(call.reason(), Night.current(clock).ends());
            case Unclaimed _ -> new Unanswered.Ended(NoteFetcher.CLAIM_LOST);
            case Blocked blocked -> new Unanswered.Ended(health.stop(blocked, "for a video: "));
        };
    }

    /** Handles a response without video. A success code without a video is accepted only on a second night. */
    private VideoOutcome withoutVideo(NewNote note, ProviderReply reply, boolean certain) {
        Night tonight = Night.current(clock);
        return certain || ledger.wasVideoMissingBefore(note.id(), tonight)
                ? new VideoOutcome.NotOffered()
                : new Unanswered.Later(
                        "not in the answer: " + reply + "; checked again in a later night", tonight.ends());
    }
}
