package io.github.notearchive.job;

import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.source.Inquiry;
import io.github.notearchive.source.JustOneApiClient;
import io.github.notearchive.source.NoteDetailClient;
import io.github.notearchive.source.NoteDetailOutcome;
import io.github.notearchive.source.NoteDetailOutcome.Deferred;
import io.github.notearchive.worklist.ClaimedNote;
import org.springframework.stereotype.Component;

/** Asks about claimed notes, and takes note when the provider itself has answered. */
@Component
class NoteQuestions {

    /** Why a note is handed back that was not asked about. */
    static final String CLAIM_LOST = "its claim was lost while it waited for its turn to call";

    private final NoteDetailClient source;
    private final JustOneApiClient provider;
    private final ActiveRuns runs;

    NoteQuestions(NoteDetailClient source, JustOneApiClient provider, ActiveRuns runs) {
        this.source = source;
        this.provider = provider;
        this.runs = runs;
    }

    /** What there is of a note. */
    NoteDetailOutcome detail(ClaimedNote claimed) throws InterruptedException {
        return ask(() -> source.fetch(inquiry(claimed)));
    }

    /** What there is of the video of a note. */
    NoteDetailOutcome video(ClaimedNote claimed, NoteCapture capture) throws InterruptedException {
        return ask(() -> source.fetchVideo(inquiry(claimed), capture));
    }

    /** What there is of a note by now, no answer from before a night being good enough. */
    NoteDetailOutcome refresh(ClaimedNote claimed, Night due) throws InterruptedException {
        return ask(() -> source.refresh(inquiry(claimed), due.begins()));
    }

    private static Inquiry inquiry(ClaimedNote claimed) {
        return new Inquiry(claimed.id(), claimed.claim(), claimed.settledAt());
    }

    private interface Question {
        NoteDetailOutcome ask() throws InterruptedException;
    }

    /** The ledger may have answered for the provider, which says nothing of the provider then. */
    private NoteDetailOutcome ask(Question question) throws InterruptedException {
        long before = System.nanoTime();
        NoteDetailOutcome outcome = question.ask();
        // while a call waited for its fault, others may have been answered, of old
        if (!isFault(outcome) && provider.hasAnsweredSince(before)) {
            runs.current().provider().works();
        }
        return outcome;
    }

    private static boolean isFault(NoteDetailOutcome outcome) {
        return outcome instanceof Deferred deferred && deferred.cause() == Deferred.Cause.FAULT;
    }
}
