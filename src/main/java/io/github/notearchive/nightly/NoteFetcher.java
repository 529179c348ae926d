package io.github.notearchive.nightly;

import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.nightly.WorkItem.NewNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;

/** Fetches claimed notes, and records when the provider itself has responded. */
class NoteFetcher {

    /** Reason of a note that was not fetched. */
    static final String CLAIM_LOST = "its claim was lost while it waited for the rate limit";

    private final CallLedger source;
    private final JustOneApiClient provider;
    private final RunState run;

    NoteFetcher(CallLedger source, JustOneApiClient provider, RunState run) {
        this.source = source;
        this.provider = provider;
        this.run = run;
    }

    /** Fetches a note. */
    FetchOutcome detail(NewNote note) throws InterruptedException {
        return fetch(() -> source.fetch(request(note)));
    }

    /** Fetches the video of a note. */
    FetchOutcome video(NewNote note, NoteCapture capture) throws InterruptedException {
        return fetch(() -> source.fetchVideo(request(note), capture));
    }

    /** Fetches a note again; responses from before the night are not used. */
    FetchOutcome refresh(RefreshNote note) throws InterruptedException {
        return fetch(() -> source.refresh(request(note), note.due().begins()));
    }

    private static FetchRequest request(WorkItem item) {
        WorklistItem claimed = item.claimed();
        return new FetchRequest(claimed.id(), claimed.claim(), claimed.settledAt());
    }

    private interface Request {
        FetchOutcome send() throws InterruptedException;
    }

    /** Fetches, and records a success of the provider unless the response came from the ledger. */
    private FetchOutcome fetch(Request request) throws InterruptedException {
        long before = System.nanoTime();
        FetchOutcome outcome = request.send();
        // earlier calls may have succeeded while this one failed
        if (!isFault(outcome) && provider.hasAnsweredSince(before)) {
            run.provider().works();
        }
        return outcome;
    }

    private static boolean isFault(FetchOutcome outcome) {
        return outcome instanceof Deferred deferred && deferred.cause() == Deferred.Cause.FAULT;
    }
}
