package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NoteClient;
import org.springframework.stereotype.Component;

/** Asks about claimed notes, and takes note when the provider itself has answered. */
@Component
class NoteFetcher {

    /** Why a note is handed back that was not asked about. */
    static final String CLAIM_LOST = "its claim was lost while it waited for its turn to call";

    private final NoteClient source;
    private final JustOneApiClient provider;
    private final ActiveRuns runs;

    NoteFetcher(NoteClient source, JustOneApiClient provider, ActiveRuns runs) {
        this.source = source;
        this.provider = provider;
        this.runs = runs;
    }

    /** What there is of a note. */
    FetchOutcome detail(WorklistItem claimed) throws InterruptedException {
        return ask(() -> source.fetch(inquiry(claimed)));
    }

    /** What there is of the video of a note. */
    FetchOutcome video(WorklistItem claimed, NoteCapture capture) throws InterruptedException {
        return ask(() -> source.fetchVideo(inquiry(claimed), capture));
    }

    /** What there is of a note by now, no answer from before a night being good enough. */
    FetchOutcome refresh(WorklistItem claimed, Night due) throws InterruptedException {
        return ask(() -> source.refresh(inquiry(claimed), due.begins()));
    }

    private static FetchRequest inquiry(WorklistItem claimed) {
        return new FetchRequest(claimed.id(), claimed.claim(), claimed.settledAt());
    }

    private interface Question {
        FetchOutcome ask() throws InterruptedException;
    }

    /** The ledger may have answered for the provider, which says nothing of the provider then. */
    private FetchOutcome ask(Question question) throws InterruptedException {
        long before = System.nanoTime();
        FetchOutcome outcome = question.ask();
        // while a call waited for its fault, others may have been answered, of old
        if (!isFault(outcome) && provider.hasAnsweredSince(before)) {
            runs.current().provider().works();
        }
        return outcome;
    }

    private static boolean isFault(FetchOutcome outcome) {
        return outcome instanceof Deferred deferred && deferred.cause() == Deferred.Cause.FAULT;
    }
}
